"""Carts and coupons."""

from typing import Annotated

from fastapi import APIRouter, Body, HTTPException, Request

from demo.shop.database import Db
from demo.shop.models import Cart

router = APIRouter(prefix="/carts")


def load_cart(request: Request, cart_id: int) -> Cart:
    with request.app.state.sessions() as session:
        cart = session.get(Cart, cart_id)
    if cart is None:
        raise HTTPException(404, "no such cart")
    return cart


@router.get("/{cart_id}")
def show(cart_id: int, request: Request) -> dict[str, object]:
    cart = load_cart(request, cart_id)
    return {"id": cart.id, "items": [{"product": item.product_id, "quantity": item.quantity} for item in cart.items]}


@router.post("/{cart_id}/coupon")
def apply_coupon(cart_id: int, code: Annotated[str, Body(embed=True)], session: Db) -> dict[str, float]:
    cart = session.get(Cart, cart_id)
    if cart is None:
        raise HTTPException(404, "no such cart")
    total = sum(float(item.product.price) * item.quantity for item in cart.items)
    percent = int(code.removeprefix("SAVE"))
    return {"total": round(total * (1 - percent / 100), 2)}
