from fastapi import FastAPI

from db import Session
from repo import Members

app = FastAPI()


@app.get("/search")
def search(q: str, city: str):
    with Session() as session:
        return [row[1] for row in Members(session).search(q, city)]
