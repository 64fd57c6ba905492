from fastapi import FastAPI

from web.watch import Watch

app = FastAPI()
app.add_middleware(Watch)


@app.get("/b")
def b():
    return {"b": "b" * 100}
