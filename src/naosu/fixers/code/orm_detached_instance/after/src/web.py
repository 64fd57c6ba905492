from fastapi import FastAPI

from . import service

app = FastAPI()
service.prepare()


@app.get("/teams/{team_id}")
def team(team_id: int):
    found = service.load_team(team_id)
    return {"name": found.name, "players": [p.name for p in found.players]}


@app.get("/teams")
def teams():
    return [{"name": t.name, "players": len(t.players)} for t in service.all_teams()]
