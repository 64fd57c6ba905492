import logging

from fastapi import FastAPI

logging.basicConfig(level=logging.INFO)
app = FastAPI()


@app.middleware("http")
async def log_answers(request, call_next):
    response = await call_next(request)
    content = b"".join([part async for part in response.body_iterator])
    logging.info("answer: %s", content.decode())
    return response


@app.get("/a")
def a():
    return {"a": list(range(20))}
