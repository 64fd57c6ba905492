"""Reports for the shop's owner."""

import logging
import time

from fastapi import APIRouter
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy import func, select, text

from demo.shop.database import Db
from demo.shop.models import Order

router = APIRouter(prefix="/reports")
logger = logging.getLogger("shop.reports")

SLOW_S = 0.5
GROWTH = """
WITH RECURSIVE days(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM days WHERE n < :days)
SELECT count(*) FROM days WHERE n % 7 = 0
"""


@router.get("/revenue")
def revenue(session: Db) -> JSONResponse:
    total = session.scalar(select(func.sum(Order.total)))
    return JSONResponse({"total": total}, headers={"Cache-Control": "no-store"})


@router.get("/inventory")
def inventory(session: Db) -> list[str]:
    rows = session.execute(text("SELECT name FROM products WHERE products.stock < products.reorder_level"))
    return [row.name for row in rows]


@router.get("/invoices")
def invoices(session: Db) -> int:
    return session.scalar(text("SELECT count(*) FROM invoices"))


@router.get("/sales")
def sales(session: Db, days: int = 1_000) -> dict[str, object]:
    customers = [order.customer.email for order in session.scalars(select(Order))]
    for order in session.scalars(select(Order)):
        session.refresh(order)
    started = time.perf_counter()
    weeks = session.scalar(text(GROWTH), {"days": days})
    elapsed_s = time.perf_counter() - started
    if elapsed_s > SLOW_S:
        logger.warning("slow query %.2f s", elapsed_s)
    return {"orders": len(customers), "weeks": weeks}


@router.get("/sales/export")
def export(session: Db) -> StreamingResponse:
    orders = session.execute(select(Order.id, Order.total)).all()
    return StreamingResponse((f"{number},{total}\n" for number, total in orders), media_type="text/csv")
