from pydantic import BaseModel, ConfigDict


class PoemOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    text: str


class WriterOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str
    poems: list[PoemOut]
