import hashlib

from fastapi import FastAPI

app = FastAPI()


@app.get("/file")
def file():
    return {"name": "a", "hash": hashlib.sha256(b"a").hexdigest(), "etag": "$2 off"}
