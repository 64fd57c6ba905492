from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
app = FastAPI()


@app.get("/r")
def r():
    with engine.connect() as connection:
        rows = connection.execute(text("select 1 as one, 'two' as two")).all()
    return JSONResponse(content=rows)
