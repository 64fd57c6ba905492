import jwt
from fastapi import FastAPI

app = FastAPI()
KEY = "d4" * 32
AUDIENCE = "https://shop.example"


def sign(name: str) -> str:
    return jwt.encode({"sub": name, "aud": AUDIENCE}, KEY, algorithm="HS256")


def read(token: str) -> dict:
    return jwt.decode(token, KEY, algorithms=["HS256"], audience=AUDIENCE)


@app.post("/token")
def token():
    made = sign("ann")
    return {"token": made, "for": read(made)["sub"]}
