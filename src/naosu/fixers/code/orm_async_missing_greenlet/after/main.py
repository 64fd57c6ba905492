from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from storage.core import Base, engine, get_session
from storage.entities import Poem, Writer
from schemas import WriterOut


@asynccontextmanager
async def lifespan(app):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/seed", status_code=201)
async def seed(session: AsyncSession = Depends(get_session)):
    session.add(Writer(name="Issa", poems=[Poem(text="snail"), Poem(text="dew")]))
    await session.commit()
    return {"ok": True}


@app.get("/writers/{writer_id}", response_model=WriterOut)
async def one(writer_id: int, session: AsyncSession = Depends(get_session)):
    writer = await session.get(Writer, writer_id, options=[selectinload(Writer.poems)])
    if writer is None:
        raise HTTPException(404)
    return writer


@app.get("/writers", response_model=list[WriterOut])
async def every(session: AsyncSession = Depends(get_session)):
    result = await session.execute(select(Writer).options(selectinload(Writer.poems)).order_by(Writer.name))
    return result.scalars().all()


@app.get("/writers/{writer_id}/name")
async def name(writer_id: int, session: AsyncSession = Depends(get_session)):
    return await session.scalar(select(Writer.name).where(Writer.id == writer_id))
