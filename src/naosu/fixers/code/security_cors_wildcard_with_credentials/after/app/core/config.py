from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    frontend_origin: str = "https://shop.example.org/"
    cors_origins: list[str] = ["*"]


settings = Settings()
