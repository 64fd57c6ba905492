from fastapi import APIRouter, FastAPI

import schemas
from models import Account, Session

router = APIRouter(prefix="/accounts")


@router.get("/{number}", response_model=schemas.AccountOut)
def one(number: int):
    with Session() as session:
        return session.get(Account, number)


@router.get("", response_model=list[schemas.AccountOut])
def every():
    with Session() as session:
        return session.query(Account).all()


app = FastAPI()
app.include_router(router)
