import json

from fastapi import FastAPI, Request
from fastapi.middleware.gzip import GZipMiddleware

app = FastAPI()


@app.middleware("http")
async def add_version(request: Request, call_next):
    response = await call_next(request)
    data = json.loads(response.body.decode())
    data["version"] = "2"
    response.body = json.dumps(data)
    return response


@app.get("/who")
async def who():
    return {"name": "zoë"}
