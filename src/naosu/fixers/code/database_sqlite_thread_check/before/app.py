from fastapi import FastAPI

import db
from db import conn as connection

app = FastAPI()


@app.post("/notes")
def add(text: str):
    with connection:
        cur = connection.cursor()
        cur.execute("INSERT INTO notes (text) VALUES (?)", (text,))
    return {"id": cur.lastrowid}


@app.get("/notes")
def notes():
    rows = db.conn.execute("SELECT * FROM notes").fetchall()
    return {"n": db.count(), "rows": [dict(r) for r in rows]}
