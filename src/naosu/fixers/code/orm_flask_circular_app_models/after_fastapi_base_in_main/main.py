from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, sessionmaker

import schemas
from tables import Animal
from database import Base

DATABASE_URL = "sqlite:///zoo.db"
engine = create_engine(DATABASE_URL, connect_args={"check_same_thread": False})
SessionLocal = sessionmaker(bind=engine)
Base.metadata.create_all(engine)

api = app = FastAPI(title="Zoo")


def session():
    with SessionLocal() as db:
        yield db


@app.post("/animals", response_model=schemas.AnimalOut)
def create(db: Session = Depends(session)):
    animal = Animal(name="Okapi")
    db.add(animal)
    db.commit()
    return animal


@app.get("/animals")
def animals(db: Session = Depends(session)):
    return [a.name for a in db.scalars(select(Animal))]
