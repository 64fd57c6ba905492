from fastapi import FastAPI

from recorder import remember

app = FastAPI()


@app.middleware("http")
async def record(request, call_next):
    response = await call_next(request)
    remember(request, response)
    return response


@app.get("/ping")
def ping():
    return {"pong": True}
