from fastapi import FastAPI

from inventory.parts import Labels, Part

app = FastAPI()


@app.post("/parts")
def add(part: Part):
    return {"code": part.code, "labels": Labels(__root__=part.labels).__root__, "limit": part.limit}
