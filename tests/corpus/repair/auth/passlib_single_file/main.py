from fastapi import FastAPI, HTTPException
from passlib.context import CryptContext
from pydantic import BaseModel

app = FastAPI()
pwd_context = CryptContext(schemes=["bcrypt"], deprecated="auto")


class User(BaseModel):
    username: str
    password: str


users: dict[str, str] = {}


@app.post("/register", status_code=201)
def register(user: User):
    users[user.username] = pwd_context.hash(user.password)
    return {"username": user.username}


@app.post("/login")
def login(user: User):
    hashed = users.get(user.username)
    if hashed is None or not pwd_context.verify(user.password, hashed):
        raise HTTPException(status_code=401)
    return {"ok": True}
