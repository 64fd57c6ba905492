from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import OAuth2PasswordBearer

from .security import tokens

scheme = OAuth2PasswordBearer(tokenUrl="token")
router = APIRouter()


def current_login(token: Annotated[str, Depends(scheme)]) -> str:
    claims = tokens.claims_of(token)
    return claims["sub"]


@router.post("/token/{login}")
def token(login: str, minutes: int = 15):
    return {"access_token": tokens.issue(login, minutes), "token_type": "bearer"}


@router.get("/me")
def me(login: Annotated[str, Depends(current_login)]):
    return {"login": login}


def create_app() -> FastAPI:
    application = FastAPI()
    application.include_router(router)
    return application


app = create_app()
