import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))

from fastapi import FastAPI

from models import Base, Item, engine
from queries import item_names

app = FastAPI()
Base.metadata.create_all(engine)


@app.get("/items")
def items():
    return item_names()
