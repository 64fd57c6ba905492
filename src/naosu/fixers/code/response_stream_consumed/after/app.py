import hashlib

from fastapi import Depends, FastAPI, Request

app = FastAPI()


async def checksum(request: Request):
    digest = hashlib.sha256()
    for part in [await request.body()]:
        digest.update(part)
    return digest.hexdigest()


@app.post("/in")
async def read(request: Request, sha: str = Depends(checksum)):
    return {"sha": sha, "size": len(await request.body())}
