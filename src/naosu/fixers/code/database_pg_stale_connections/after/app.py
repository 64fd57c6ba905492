import os

from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine as make_engine

URL = os.getenv("DATABASE_URL", "postgresql+asyncpg://app@127.0.0.1:5432/shop")
engine = make_engine(URL, pool_size=5, pool_pre_ping=True, pool_recycle=1800)
app = FastAPI()


@app.get("/time")
async def now():
    async with engine.connect() as connection:
        return (await connection.execute(text("SELECT now()"))).scalar()
