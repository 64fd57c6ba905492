import sqlalchemy as sa
from sqlalchemy import orm

DB_URL = "sqlite:///visits.sqlite3"
db_engine = sa.create_engine(
    DB_URL,
    connect_args={"timeout": 0.2, "check_same_thread": False},
)
Session = orm.sessionmaker(db_engine)
Base = orm.declarative_base()


class Visit(Base):
    __tablename__ = "visits"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(50))


def make_tables():
    Base.metadata.create_all(db_engine)
