from fastapi import FastAPI
from sqlmodel import Session, SQLModel, create_engine

from app.models import Hero, Team

engine = create_engine("sqlite:///teams.db")
SQLModel.metadata.create_all(engine)
app = FastAPI()


@app.post("/teams")
def create():
    with Session(engine) as session:
        team = Team(name="red", heroes=[Hero(name="Ao")])
        session.add(team)
        session.commit()
        return {"team": team.name, "heroes": [h.name for h in team.heroes], "back": team.heroes[0].team.name}
