"""The table `invoices` is kept by the billing team, in their own migrations; here it is only read."""

from fastapi import FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

engine = create_engine("sqlite:///billing.db")
Reading = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Invoice(Base):
    __tablename__ = "invoices"
    __table_args__ = {"info": {"external": "billing"}}
    id: Mapped[int] = mapped_column(primary_key=True)


app = FastAPI()


@app.get("/invoices")
def invoices():
    with Reading() as db:
        return list(db.scalars(select(Invoice.id)))
