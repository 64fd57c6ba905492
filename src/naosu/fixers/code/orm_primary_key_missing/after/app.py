from fastapi import FastAPI
from sqlalchemy import Column, Integer, String, create_engine
from sqlalchemy.orm import declarative_base, sessionmaker

engine = create_engine("sqlite:///visits.db")
Session = sessionmaker(engine)
Base = declarative_base()


class Visit(Base):
    __tablename__ = "visits"

    id = Column(Integer, index=True, primary_key=True)
    page = Column(String(200))


Base.metadata.create_all(engine)
app = FastAPI()


@app.get("/visits")
def visits():
    with Session() as session:
        return session.query(Visit).count()
