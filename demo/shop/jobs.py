"""What runs at night."""

import itertools
import logging

from fastapi import APIRouter
from sentry_sdk.crons import monitor
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from demo.shop.database import Db
from demo.shop.models import Order

router = APIRouter(prefix="/jobs")
logger = logging.getLogger("shop.jobs")

runs = itertools.count(1)

SCHEDULE = {
    "schedule": {"type": "crontab", "value": "0 3 * * *"},
    "checkin_margin": 5,
    "max_runtime": 10,
    "timezone": "UTC",
}


@monitor(monitor_slug="nightly-reconciliation", monitor_config=SCHEDULE)
def reconcile(session: Session, batch: int) -> bool:
    booked = session.scalar(select(func.count()).select_from(Order))
    paid = 0 if batch % 2 == 0 else booked
    try:
        deviation = (booked - paid) / paid
    except ZeroDivisionError:
        logger.exception("nightly reconciliation failed for batch %d", batch)
        return False
    if deviation:
        logger.error("books and bank differ by %.1f %%", deviation * 100)
    return True


@router.post("/reconciliation")
def run(session: Db) -> dict[str, bool]:
    return {"balanced": reconcile(session, next(runs))}
