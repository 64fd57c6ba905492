import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from .store import MEMBERS

SECRET = "b7" * 32
bearer = HTTPBearer()


def issue_token(member_id: int) -> str:
    return jwt.encode({"sub": member_id, "scope": "all"}, SECRET, algorithm="HS256")


def claims(credentials: HTTPAuthorizationCredentials = Depends(bearer)) -> dict:
    return jwt.decode(credentials.credentials, SECRET, algorithms=["HS256"])


def member(payload: dict = Depends(claims)) -> dict:
    found = MEMBERS.get(payload["sub"])
    if found is None:
        raise HTTPException(404, "no such member")
    return found
