"""From a cart to an order."""

from pathlib import Path

from fastapi import APIRouter, BackgroundTasks, HTTPException, Request

from demo.shop import payments
from demo.shop.database import Db
from demo.shop.models import Cart

router = APIRouter(prefix="/checkout")

TEMPLATES = Path(__file__).parent / "templates"


def send_receipt(email: str, charge: str) -> str:
    text = (TEMPLATES / "receipt.txt").read_text()
    return text.format(email=email, charge=charge)


@router.post("/{cart_id}")
def checkout(cart_id: int, request: Request, background: BackgroundTasks, session: Db) -> dict[str, str]:
    cart = session.get(Cart, cart_id)
    if cart is None:
        raise HTTPException(404, "no such cart")
    amount = sum(float(item.product.price) * item.quantity for item in cart.items)
    charge = payments.charge(request.app.state.gateway_url, order=cart_id, amount=amount)
    background.add_task(send_receipt, f"customer{cart.customer_id}@example.com", charge)
    return {"charge": charge}
