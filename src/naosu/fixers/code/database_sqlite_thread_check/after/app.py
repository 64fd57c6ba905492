from fastapi import FastAPI

import db
from db import connection_of_this_thread

app = FastAPI()


@app.post("/notes")
def add(text: str):
    with connection_of_this_thread():
        cur = connection_of_this_thread().cursor()
        cur.execute("INSERT INTO notes (text) VALUES (?)", (text,))
    return {"id": cur.lastrowid}


@app.get("/notes")
def notes():
    rows = db.connection_of_this_thread().execute("SELECT * FROM notes").fetchall()
    return {"n": db.count(), "rows": [dict(r) for r in rows]}
