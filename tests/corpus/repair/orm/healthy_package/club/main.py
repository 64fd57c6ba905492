from fastapi import FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, joinedload

from club.models import Base, Player, Team

engine = create_engine("sqlite:///club.db")
Base.metadata.create_all(engine)
app = FastAPI()


@app.post("/teams")
def create():
    with Session(engine) as session:
        session.add(Team(name="red", players=[Player(name=str(n)) for n in range(9)]))
        session.commit()


@app.get("/teams")
def teams():
    with Session(engine) as session:
        found = session.scalars(select(Team).options(joinedload(Team.players))).unique().all()
    return [{"name": t.name, "players": [p.name for p in t.players]} for t in found]
