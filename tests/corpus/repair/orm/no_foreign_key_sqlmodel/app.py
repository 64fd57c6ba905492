from fastapi import FastAPI
from sqlmodel import Field, Relationship, Session, SQLModel, create_engine
engine = create_engine("sqlite:///p.db")
class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    heroes: list["Hero"] = Relationship(back_populates="team")
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    team_id: int | None = None
    team: Team | None = Relationship(back_populates="heroes")
SQLModel.metadata.create_all(engine)
app = FastAPI()
@app.post("/p")
def p():
    with Session(engine) as s:
        t = Team(heroes=[Hero(), Hero()])
        s.add(t); s.commit()
        return len(t.heroes)
