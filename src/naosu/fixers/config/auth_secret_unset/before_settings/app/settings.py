from functools import lru_cache

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="API_", env_file="prod.env", extra="ignore")

    signing_key: str | None = None


@lru_cache
def get_settings():
    return Settings()
