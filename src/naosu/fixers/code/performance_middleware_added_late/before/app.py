from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

SETTINGS = {}


@asynccontextmanager
async def lifespan(api: FastAPI):
    SETTINGS["ready"] = True
    api.add_middleware(GZipMiddleware, minimum_size=500)
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/")
def root():
    return {"ready": SETTINGS.get("ready", False)}
