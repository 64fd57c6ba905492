from fastapi import FastAPI
from fastapi.responses import JSONResponse

app = FastAPI()


@app.delete("/x")
def x():
    return JSONResponse(status_code=204, content=None, headers={"X-Gone": "1"})
