import hashlib

from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def digest(request, call_next):
    response = await call_next(request)
    sha = hashlib.sha1()
    async for chunk in response.body_iterator:
        sha.update(chunk)
    response.headers["Digest"] = sha.hexdigest()
    return response


@app.get("/d")
def d():
    return {"d": "d"}
