from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase

engine = create_engine("sqlite:///items.db")


class Base(DeclarativeBase):
    pass
