from fastapi import FastAPI
from starlette.concurrency import iterate_in_threadpool

app = FastAPI()


@app.middleware("http")
async def stamp(request, call_next):
    response = await call_next(request)
    chunks = [chunk async for chunk in response.body_iterator]
    chunks.append(b"\n")
    response.body_iterator = iterate_in_threadpool(iter(chunks))
    return response


@app.get("/z")
def z():
    return {"z": 0}
