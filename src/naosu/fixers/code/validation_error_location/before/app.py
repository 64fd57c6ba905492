from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float


@app.exception_handler(RequestValidationError)
async def invalid(_: Request, exc: RequestValidationError) -> JSONResponse:
    problems = []
    for error in exc.errors():
        where = error["loc"]
        problems.append({"field": str(where[1]), "problem": error["msg"]})
    return JSONResponse({"problems": problems, "received": exc.body}, status.HTTP_422_UNPROCESSABLE_ENTITY)


@app.post("/items", status_code=201)
async def create(item: Item):
    return item
