from fastapi import FastAPI
from sqlalchemy.orm import Session

from .tables import Base, Owner, Pet, engine

app = FastAPI()
Base.metadata.create_all(engine)


@app.post("/seed")
def seed():
    with Session(engine) as session:
        session.add(Owner(name="Mika", pets=[Pet(name="Tama"), Pet(name="Kuro")]))
        session.commit()


@app.get("/owners")
def owners():
    with Session(engine) as session:
        return [{"name": o.name, "pets": [p.name for p in o.pets]} for o in session.query(Owner)]
