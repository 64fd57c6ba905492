from fastapi import FastAPI

from models import Account, Session

app = FastAPI()


@app.get("/a/{number}")
def one(number: int):
    with Session() as session:
        return session.get(Account, number)
