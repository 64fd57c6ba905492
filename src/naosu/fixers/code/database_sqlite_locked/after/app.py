import time

from fastapi import FastAPI
from store import Session, Visit, make_tables

make_tables()
app = FastAPI()


@app.post("/visits")
def visit(name: str):
    with Session() as db:
        db.add(Visit(name=name))
        db.flush()
        time.sleep(0.15)
        db.commit()
        return {"ok": True}
