from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def tag(request, call_next):
    response = await call_next(request)
    response.headers["X-Tag"] = "n"
    return response


@app.get("/n")
def n():
    return {"n": 1}
