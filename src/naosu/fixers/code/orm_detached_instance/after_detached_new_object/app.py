from contextlib import asynccontextmanager
from typing import List, Optional

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import selectinload
from sqlmodel import Field, Relationship, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

engine = create_async_engine("sqlite+aiosqlite:///teams.db")


class Team(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    name: str
    heroes: List["Hero"] = Relationship(back_populates="team")


class Hero(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    name: str
    team_id: Optional[int] = Field(default=None, foreign_key="team.id")
    team: Optional[Team] = Relationship(back_populates="heroes")


class NewTeam(BaseModel):
    name: str


class HeroRead(SQLModel):
    id: int
    name: str


class TeamRead(SQLModel):
    id: int
    name: str
    heroes: List[HeroRead] = []


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with engine.begin() as conn:
        await conn.run_sync(SQLModel.metadata.create_all)
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/teams", response_model=TeamRead)
async def create_team(data: NewTeam):
    async with AsyncSession(engine, expire_on_commit=False) as session:
        team = Team(name=data.name)
        session.add(team)
        await session.commit()
        await session.refresh(team)
        await session.refresh(team, attribute_names=["heroes"])
        return team


@app.get("/teams/{team_id}", response_model=TeamRead)
async def get_team(team_id: int):
    async with AsyncSession(engine) as session:
        statement = select(Team).where(Team.id == team_id).options(selectinload(Team.heroes))
        return (await session.exec(statement)).one()
