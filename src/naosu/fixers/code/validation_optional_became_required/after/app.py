from fastapi import FastAPI

from people.models import Person, PersonChange

app = FastAPI()
people = {1: {"id": 1, "name": "Ann", "bio": None}}


@app.patch("/people/{person_id}", response_model=Person)
def change(person_id: int, patch: PersonChange):
    people[person_id].update(patch.model_dump(exclude_unset=True, exclude={"age"}))
    return people[person_id]


@app.get("/people/{person_id}", response_model=Person)
def read(person_id: int):
    return people[person_id]
