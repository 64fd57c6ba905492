from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def note(request, call_next):
    response = await call_next(request)
    if hasattr(response, "body"):
        print(len(response.body))
    return response


@app.get("/ok")
def ok():
    return {"ok": 1}
