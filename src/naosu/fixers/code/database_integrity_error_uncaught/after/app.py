from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine("sqlite+aiosqlite:///accounts.db")
maker = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase): ...


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)


class AccountIn(BaseModel):
    email: str


@asynccontextmanager
async def lifespan(_: FastAPI):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield


app = FastAPI(lifespan=lifespan)


async def session():
    async with maker() as opened:
        yield opened


@app.post("/accounts", status_code=201)
async def create(data: AccountIn, db: Annotated[AsyncSession, Depends(session)]):
    account = Account(email=data.email)
    db.add(account)
    try:
        await db.commit()
    except IntegrityError as error:
        await db.rollback()
        raise HTTPException(status_code=409, detail="This email is taken") from error
    return {"id": account.id}
