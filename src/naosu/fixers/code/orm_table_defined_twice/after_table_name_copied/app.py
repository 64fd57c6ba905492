from fastapi import FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine("sqlite:///letters.db")
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Letter(Base):
    __tablename__ = "letters"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class Reply(Base):
    __tablename__ = "replies"
    id: Mapped[int] = mapped_column(primary_key=True)
    answer: Mapped[str]


Base.metadata.create_all(engine)


@app.get("/replies")
def replies():
    with Session(engine) as session:
        return [r.answer for r in session.scalars(select(Reply))]
