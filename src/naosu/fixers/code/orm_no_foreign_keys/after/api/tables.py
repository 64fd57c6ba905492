import sqlalchemy as sa
from sqlalchemy import orm

engine = sa.create_engine("sqlite:///pets.db")
Base = orm.declarative_base()


class Owner(Base):
    __tablename__ = "people"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(40))
    pets = orm.relationship("Pet", back_populates="owner")


class Pet(Base):
    __tablename__ = "pets"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(40))
    owner_id = sa.Column(sa.Integer, sa.ForeignKey("people.id"), nullable=True)
    vet_id = sa.Column(sa.Integer)
    owner = orm.relationship("Owner", back_populates="pets")
