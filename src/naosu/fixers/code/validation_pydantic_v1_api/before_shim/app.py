from typing import Optional

from fastapi import FastAPI
from pydantic.v1 import BaseModel, Field

app = FastAPI()


class Room(BaseModel):
    number: str = Field(..., regex="^[A-Z][0-9]$")
    floor: Optional[int]


@app.post("/rooms")
def add(room: Room):
    return room.dict()
