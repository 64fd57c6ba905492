from fastapi import FastAPI
from pydantic import BaseModel


class PersonBase(BaseModel):
    name: str
    phone: str


class PersonIn(PersonBase):
    pass


class PersonOut(PersonBase):
    """What is shown."""

    id: int


app = FastAPI()


@app.get("/people/{pid}", response_model=PersonOut)
async def get_person(pid: int):
    return {"id": pid, "name": "Al", "phone": None}


@app.post("/people", response_model=PersonOut, status_code=201)
async def add_person(person: PersonIn):
    return {"id": 2, **person.model_dump()}
