from fastapi import FastAPI
from jose import jwt

from lib import env

app = FastAPI()


@app.post("/login")
def login():
    return {"token": jwt.encode({"sub": "x"}, env.SECRET)}
