from fastapi import FastAPI
from fastapi.responses import JSONResponse

app = FastAPI()


class QuotaError(Exception):
    pass


@app.get("/e")
def e():
    return JSONResponse({"error": QuotaError("x")})
