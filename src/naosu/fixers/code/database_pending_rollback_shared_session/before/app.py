from flask import Flask, jsonify
from sqlalchemy import Column, Integer, String, create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()


class Tag(Base):
    __tablename__ = "tag"
    id = Column(Integer, primary_key=True)
    name = Column(String, unique=True)


engine = create_engine("sqlite:///tags.db", connect_args={"check_same_thread": False})
Base.metadata.create_all(engine)
session = Session(engine)
app = Flask(__name__)


@app.post("/tags/<name>")
def add(name):
    try:
        session.add(Tag(name=name))
        session.commit()
    except IntegrityError:
        return jsonify(error="exists"), 409
    return jsonify(ok=True)


@app.get("/tags")
def tags():
    return jsonify([t.name for t in session.query(Tag)])
