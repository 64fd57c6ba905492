from typing import Optional

from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class Note(BaseModel):
    text: str
    parent: Optional[int] = Field(..., description="null for a note of its own; must be said")


@app.post("/notes")
def add(note: Note):
    return note
