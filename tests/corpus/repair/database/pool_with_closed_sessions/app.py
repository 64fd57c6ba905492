"""Nothing leaks here: a value that is taken is answered with 409, and every session is closed."""

from flask import Flask, abort, jsonify
from sqlalchemy import create_engine, event, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine("sqlite:///names.db", pool_size=2, max_overflow=0, pool_pre_ping=True)


@event.listens_for(engine, "connect")
def write_ahead(connection, _record):
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=20000")


class Base(DeclarativeBase):
    pass


class Name(Base):
    __tablename__ = "names"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True, index=True)


Base.metadata.create_all(engine)
app = Flask(__name__)


@app.post("/names/<text>")
def add(text):
    with Session(engine) as db:
        db.add(Name(text=text))
        try:
            db.commit()
        except IntegrityError:
            db.rollback()
            abort(409)
    return jsonify(ok=True)


@app.get("/names")
def count():
    with Session(engine) as db:
        return jsonify(db.scalar(select(func.count(Name.id))))
