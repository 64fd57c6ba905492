from fastapi import FastAPI
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

engine = create_engine("sqlite:///authors.db")
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped["Author"] = relationship(back_populates="books")


Base.metadata.create_all(engine)


@app.post("/seed")
def seed():
    with Session(engine) as session:
        session.add_all([Author(name=f"a{n}", books=[Book(title="t")]) for n in range(20)])
        session.commit()


@app.get("/authors")
def authors():
    with Session(engine) as session:
        found = session.scalars(select(Author).options(selectinload(Author.books)))
        return [{"name": a.name, "books": [b.title for b in a.books]} for a in found]
