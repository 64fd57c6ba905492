from pydantic import BaseModel, ConfigDict


class AccountCreate(BaseModel):
    email: str
    password: str


class AccountOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
