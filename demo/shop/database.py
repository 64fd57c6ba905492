"""The database: one SQLite file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker


class Base(DeclarativeBase):
    pass


def open_database(file: Path) -> sessionmaker[Session]:
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 5})
    Base.metadata.create_all(engine)
    return sessionmaker(engine)


def get_session(request: Request) -> Iterator[Session]:
    with request.app.state.sessions() as session:
        yield session


Db = Annotated[Session, Depends(get_session)]
