from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from sqlalchemy.pool import StaticPool

engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Session = sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password_hash: Mapped[str]


Base.metadata.create_all(engine)
with Session.begin() as session:
    session.add(Account(email="a@b.c", password_hash="$2b$12$abcdefghijklmnopqrstuuZ1Z2Z3Z4Z5Z6Z7Z8Z9ZaZbZcZdZeZfZ"))
