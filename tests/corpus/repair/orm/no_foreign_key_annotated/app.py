from fastapi import FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
engine = create_engine("sqlite:///p.db")
class Base(DeclarativeBase):
    pass
class Publisher(Base):
    __tablename__ = "publishers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship()
class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    publisher_id: Mapped[int]
Base.metadata.create_all(engine)
app = FastAPI()
with Session(engine) as s:
    try:
        s.add(Publisher(name="x", books=[Book(title="a"), Book(title="b")])); s.commit()
    except Exception:
        pass
@app.get("/p")
def p():
    with Session(engine) as s:
        return [[b.title for b in x.books] for x in s.scalars(select(Publisher))]
