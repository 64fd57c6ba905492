from fastapi import FastAPI
from .routes import router
from .repo import prepare
def create_app():
    app = FastAPI()
    prepare()
    app.include_router(router, prefix="/api/v1")
    return app
