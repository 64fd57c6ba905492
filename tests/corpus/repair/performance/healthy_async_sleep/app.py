import asyncio
import time

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

app = FastAPI()


@app.get("/health")
async def health():
    time.sleep(0.001)
    return {"ok": True}


@app.get("/slow")
async def slow():
    await asyncio.sleep(0.5)
    return "slept"


@app.get("/threaded")
async def threaded():
    await run_in_threadpool(time.sleep, 0.5)
    return "slept"


@app.get("/plain")
def plain():
    time.sleep(0.5)
    return "slept"
