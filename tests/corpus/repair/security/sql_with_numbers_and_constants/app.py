from fastapi import FastAPI
from sqlalchemy import text

from db import Session

app = FastAPI()
COLUMNS = "id, name"


@app.get("/m/{number}")
def m(number: int):
    with Session() as session:
        return session.execute(text(f"SELECT {COLUMNS} FROM members WHERE id = {number}")).first()._asdict()


@app.get("/n")
def n(name: str):
    with Session() as session:
        return session.execute(text("SELECT id FROM members WHERE name = :name"), {"name": name}).scalars().all()
