import os
from pathlib import Path

from dotenv import load_dotenv
from flask import Flask, session

load_dotenv(Path(__file__).resolve().parent / ".env")

app = Flask(__name__)
app.config.from_mapping(TITLE=os.environ.get("TITLE"), SECRET_KEY=os.environ.get("VISITS_SECRET"))


@app.post("/visits")
def visit():
    session["count"] = session.get("count", 0) + 1
    return {"count": session["count"]}
