from typing import Optional

from pydantic import BaseSettings, Field, validator


class Options(BaseSettings):
    workers: int = Field(2, env="WORKERS_MAX")
    title: str = "Limits"
    token: Optional[str]

    @validator("workers")
    def positive(cls, value):
        if value < 1:
            raise ValueError("at least one")
        return value

    class Config:
        env_file = ".env"


options = Options()
