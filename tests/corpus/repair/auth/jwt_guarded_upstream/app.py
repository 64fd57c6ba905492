import jwt
from fastapi import FastAPI, Response

app = FastAPI()
KEY = "c3" * 32


def read(token):
    return jwt.decode(token, KEY, algorithms=["HS256"])


@app.post("/login")
def login():
    token = jwt.encode({"sub": "bo"}, KEY, algorithm="HS256")
    return {"token": token.decode() if isinstance(token, bytes) else token}


@app.get("/me")
def me(token: str, response: Response):
    try:
        return {"me": read(token)["sub"]}
    except jwt.InvalidTokenError:
        response.status_code = 401
        return {"me": None}
