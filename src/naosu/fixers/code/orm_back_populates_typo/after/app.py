from typing import List

from fastapi import FastAPI
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

engine = create_engine("sqlite:///crews.db")
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Crew(Base):
    __tablename__ = "crews"
    id: Mapped[int] = mapped_column(primary_key=True)
    members: Mapped[List["Sailor"]] = relationship(back_populates="crew")


class Sailor(Base):
    __tablename__ = "sailors"
    id: Mapped[int] = mapped_column(primary_key=True)
    crew_id: Mapped[int] = mapped_column(ForeignKey("crews.id"))
    crew: Mapped["Crew"] = relationship(back_populates="members")


Base.metadata.create_all(engine)


@app.get("/crews")
def crews():
    with Session(engine) as session:
        return [len(c.members) for c in session.scalars(select(Crew))]
