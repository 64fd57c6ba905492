from sqlalchemy import select
from sqlalchemy.orm import Session

from models import engine
from shop.models import Item


def item_names():
    with Session(engine) as session:
        return [item.name for item in session.scalars(select(Item))]
