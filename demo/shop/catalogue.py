"""Products: prices, ratings, availability."""

import asyncio

from fastapi import APIRouter, HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.shop.database import Db
from demo.shop.models import Product

router = APIRouter(prefix="/products")

TAX_RATES = {"JP": 10, "FR": 20, "GB": 20}
WAREHOUSES = ("osaka", "lyon", "leeds")


@router.get("")
def list_products(session: Db) -> list[dict[str, object]]:
    return [{"id": product.id, "name": product.name} for product in session.scalars(select(Product))]


def find(session: Session, product_id: int) -> Product:
    product = session.get(Product, product_id)
    if product is None:
        raise HTTPException(404, "no such product")
    return product


@router.get("/{product_id}/price")
def price(product_id: int, session: Db) -> dict[str, float]:
    product = find(session, product_id)
    tax = TAX_RATES[product.country]
    return {"net": float(product.price), "gross": round(float(product.price) * (1 + tax / 100), 2)}


@router.get("/{product_id}/rating")
def rating(product_id: int, session: Db) -> dict[str, float]:
    reviews = find(session, product_id).reviews
    return {"stars": sum(review.stars for review in reviews) / len(reviews)}


async def ask_warehouse(name: str, product_id: int) -> int:
    await asyncio.sleep(0.005)
    if name == "leeds":
        raise ConnectionRefusedError(111, "Connection refused")
    if name == "lyon":
        raise TimeoutError(f"warehouse {name} did not answer")
    return 12 * product_id


@router.get("/{product_id}/availability")
async def availability(product_id: int) -> dict[str, int]:
    names = WAREHOUSES if product_id == 1 else WAREHOUSES[:1]
    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(ask_warehouse(name, product_id)) for name in names}
    return {name: task.result() for name, task in tasks.items()}
