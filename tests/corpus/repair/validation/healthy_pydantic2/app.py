import re
from typing import ClassVar, Optional

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

app = FastAPI()


def Fields(**options):
    return re.compile(options["regex"])


class Legacy:
    orm_mode = True
    matcher = Fields(regex="a+")


class A(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    limit: ClassVar = 3
    x: str = Field(pattern="^a")
    y: Optional[int] = None

    @field_validator("x")
    @classmethod
    def not_bad(cls, value):
        if value == "abad":
            raise ValueError("bad")
        return value


@app.exception_handler(RequestValidationError)
def invalid(request: Request, exc):
    where = [e["loc"][1] if len(e["loc"]) > 1 else e["loc"][0] for e in exc.errors()]
    return JSONResponse({"where": where, "errors": jsonable_encoder(exc.errors())}, 422)


@app.post("/a")
def add(a: A):
    return a
