from fastapi import FastAPI
from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine("sqlite+aiosqlite:///notes.db")
Session = async_sessionmaker(engine)
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(200))


@app.on_event("startup")
async def create():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


@app.post("/notes")
async def add():
    async with Session() as session:
        note = Note(text="hello")
        session.add(note)
        await session.commit()
        return {"id": note.id, "text": note.text}


@app.get("/notes")
async def notes():
    async with Session() as session:
        return [n.text for n in await session.scalars(select(Note))]
