from fastapi import Depends, FastAPI
from sqlalchemy import text

from db import Session

app = FastAPI()


def session():
    with Session() as opened:
        yield opened


@app.get("/members")
def members(name: str, db=Depends(session)):
    rows = db.execute(text(f"SELECT id, name FROM members WHERE name = '{name}' ORDER BY id")).all()
    return [dict(row._mapping) for row in rows]
