import deps
from deps import Item, get_db, second_db
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy.orm import Session

app = FastAPI()
seen = []


@app.get("/a")
def a(db: Session = Depends(get_db)):
    seen.append(db)
    return db.query(Item).count()


@app.get("/b/{number}")
def b(number: int):
    db = deps.Make()
    # a comment that stays
    item = db.get(Item, number)
    if item is None:
        seen.append(db.connection())
        raise HTTPException(404, "no such item")
    db.close()
    return {"id": item.id}


@app.get("/c")
def c():
    db = next(second_db())
    seen.append(db.connection())
    return db.query(Item).count()
