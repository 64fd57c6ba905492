from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .core import Base


class Writer(Base):
    __tablename__ = "writers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    poems: Mapped[list[Poem]] = relationship(back_populates="writer")


class Poem(Base):
    __tablename__ = "poems"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id"))
    writer: Mapped[Writer] = relationship(back_populates="poems")
