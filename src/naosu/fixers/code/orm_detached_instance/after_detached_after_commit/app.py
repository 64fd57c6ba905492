from flask import Flask, jsonify
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine("sqlite:///tags.db")
app = Flask(__name__)


class Base(DeclarativeBase):
    pass


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]


Base.metadata.create_all(engine)


def save(label):
    with Session(engine) as session:
        tag = Tag(label=label)
        session.add(tag)
        session.commit()
        session.refresh(tag)
    return tag


@app.post("/tags")
def create():
    tag = save("new")
    return jsonify(id=tag.id, label=tag.label)


@app.get("/tags")
def every():
    with Session(engine) as session:
        return jsonify([t.label for t in session.scalars(select(Tag))])
