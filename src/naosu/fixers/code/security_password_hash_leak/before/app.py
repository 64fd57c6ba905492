from fastapi import APIRouter, FastAPI

import schemas
from models import Account, Session

router = APIRouter(prefix="/accounts")


@router.get("/{number}")
def one(number: int):
    with Session() as session:
        return session.get(Account, number)


@router.get("")
def every():
    with Session() as session:
        return session.query(Account).all()


app = FastAPI()
app.include_router(router)
