from typing import Optional

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class Room(BaseModel):
    number: str = Field(..., pattern="^[A-Z][0-9]$")
    floor: Optional[int] = None


@app.post("/rooms")
def add(room: Room):
    return room.dict()
