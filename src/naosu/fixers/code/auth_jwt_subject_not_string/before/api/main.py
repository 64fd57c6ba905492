from fastapi import Depends, FastAPI

from .auth import issue_token, member

app = FastAPI()


@app.post("/login/{member_id}")
def login(member_id: int):
    return {"token": issue_token(member_id)}


@app.get("/me")
def me(found: dict = Depends(member)):
    return found
