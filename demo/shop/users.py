"""Customers: sign-up, sign-in, orders."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, HTTPException
from pydantic import BaseModel, field_validator

from demo.shop import tokens
from demo.shop.database import Db
from demo.shop.models import Customer

router = APIRouter(prefix="/users")

PASSWORD_CHARS_MIN = 8


class SignUp(BaseModel):
    email: str
    password: str

    @field_validator("password")
    @classmethod
    def long_enough(cls, value: str) -> str:
        if len(value) < PASSWORD_CHARS_MIN:
            raise ValueError("password too short")
        return value


@router.post("", status_code=201)
def sign_up(form: SignUp, session: Db) -> dict[str, int]:
    customer = Customer(email=form.email, password=form.password)
    session.add(customer)
    session.commit()
    return {"id": customer.id}


@router.post("/token")
def sign_in(customer_id: Annotated[int, Body()], lifetime_s: Annotated[int, Body()] = 3600) -> dict[str, str]:
    return {"token": tokens.issue(customer_id, lifetime_s=lifetime_s)}


@router.get("/me")
def me(session: Db, authorization: Annotated[str, Header()] = "") -> dict[str, str]:
    if not authorization:
        raise HTTPException(401, "no token")
    customer_id = tokens.read(authorization.removeprefix("Bearer "))
    return {"email": session.get(Customer, customer_id).email}


@router.get("/{customer_id}")
def profile(customer_id: int, session: Db) -> dict[str, str]:
    customer = session.get(Customer, customer_id)
    return {"email": customer.email}


@router.get("/{customer_id}/orders/latest")
def latest_order(customer_id: int, session: Db) -> dict[str, float]:
    orders = session.get(Customer, customer_id).orders
    return {"total": float(orders[-1].total)}
