from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

engine = create_engine("sqlite:///p.db", pool_size=2, max_overflow=1, pool_timeout=1)
Make = sessionmaker(bind=engine)


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)


Base.metadata.create_all(engine)


def get_db() -> Session:
    return Make()


def second_db():
    session = Make()
    yield session
    session.close()
