import jwt
from fastapi import FastAPI

from app.settings import get_settings

settings = get_settings()
app = FastAPI()


@app.post("/tokens/{name}")
def issue(name: str):
    return {"token": jwt.encode({"sub": name}, settings.signing_key, algorithm="HS256")}
