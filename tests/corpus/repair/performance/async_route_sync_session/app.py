import time
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session, sessionmaker
engine = create_engine("sqlite:///p.db")
@event.listens_for(engine, "connect")
def functions(connection, record):
    connection.create_function("slow", 1, lambda s: time.sleep(s) or 1)
Local = sessionmaker(engine)
def session():
    with Local() as s:
        yield s
app = FastAPI()
@app.get("/health")
async def health():
    return {"ok": True}
@app.get("/prices")
async def prices(db: Session = Depends(session)):
    rows = db.execute(text("select slow(0.7)")).all()
    return {"rows": len(rows)}
