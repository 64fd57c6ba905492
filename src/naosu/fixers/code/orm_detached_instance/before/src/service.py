from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from .entities import Base, Player, Team

engine = create_engine("sqlite:///teams.db")
Session = sessionmaker(engine)


def prepare():
    Base.metadata.create_all(engine)
    with Session() as s:
        if not s.query(Team).count():
            s.add(Team(name="red", players=[Player(name="a"), Player(name="b")]))
            s.commit()


def load_team(team_id):
    session = Session()
    try:
        return session.get(Team, team_id)
    finally:
        session.close()


def all_teams():
    with Session() as session:
        return session.query(Team).order_by(Team.name).all()
