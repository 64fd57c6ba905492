from fastapi import FastAPI
from database import Base, SessionLocal, engine
from models import User
Base.metadata.create_all(engine)
app = FastAPI()
@app.post("/users")
def create():
    with SessionLocal() as db:
        u = User(name="a")
        db.add(u); db.commit()
        return {"id": u.id, "addresses": len(u.addresses)}
