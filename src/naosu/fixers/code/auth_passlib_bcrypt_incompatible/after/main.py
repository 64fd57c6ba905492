from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from shop import people

app = FastAPI()


class Credentials(BaseModel):
    name: str
    password: str


@app.post("/people", status_code=201)
def add(data: Credentials):
    people.add(data.name, data.password)
    return {"name": data.name}


@app.post("/login")
def login(data: Credentials):
    if not people.check(data.name, data.password):
        raise HTTPException(401)
    return {"welcome": data.name}
