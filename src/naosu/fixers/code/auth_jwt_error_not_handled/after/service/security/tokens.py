"""Signing and reading."""
from datetime import datetime, timedelta, timezone

from fastapi import HTTPException
from jwt import InvalidTokenError, decode, encode

KEY = "k" * 48
ALGORITHMS = ["HS256"]


def issue(login: str, minutes: int = 15) -> str:
    until = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    claims = {"sub": login, "exp": until}
    return encode(claims, KEY, algorithm=ALGORITHMS[0])


def claims_of(token: str) -> dict:
    try:
        return decode(token, KEY, algorithms=ALGORITHMS, options={"require": ["sub"]})
    except InvalidTokenError as error:
        raise HTTPException(
            status_code=401,
            detail="Could not validate credentials",
            headers={"WWW-Authenticate": "Bearer"},
        ) from error
