from fastapi import Body, FastAPI

from accounts.signing import signer

app = FastAPI()


@app.post("/sessions")
async def open_session(name: str = Body(embed=True)):
    token = signer.sign(sub=name)
    text = token.decode("ascii")
    return {"token": text, "length": len(text)}


@app.get("/sessions/{token}")
async def read_session(token: str):
    return signer.read(token)
