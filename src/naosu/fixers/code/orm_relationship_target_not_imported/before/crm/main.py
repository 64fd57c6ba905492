from fastapi import FastAPI
from sqlmodel import Session

from crm.models import SQLModel, engine
from crm.models.person import Person

app = FastAPI()


@app.on_event("startup")
def prepare():
    SQLModel.metadata.create_all(engine)


@app.post("/people")
def create():
    with Session(engine) as session:
        person = Person(name="Ren")
        session.add(person)
        session.commit()
        return {"name": person.name, "phones": len(person.phones)}
