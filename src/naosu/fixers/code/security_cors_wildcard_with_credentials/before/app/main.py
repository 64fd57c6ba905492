from fastapi import FastAPI
from fastapi.middleware import Middleware
from fastapi.middleware.cors import CORSMiddleware

from app.core.config import settings


def create_app():
    return FastAPI(middleware=[
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["*"],
        ),
    ])


app = create_app()


@app.get("/")
def home():
    return {"ok": True}
