from pydantic import BaseModel, ConfigDict


class AnimalOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str
