from typing import Optional

from pydantic import Field, validator
from pydantic_settings import BaseSettings


class Options(BaseSettings):
    workers: int = Field(2, validation_alias="WORKERS_MAX")
    title: str = "Limits"
    token: Optional[str] = None

    @validator("workers")
    def positive(cls, value):
        if value < 1:
            raise ValueError("at least one")
        return value

    class Config:
        extra = "ignore"
        env_file = ".env"


options = Options()
