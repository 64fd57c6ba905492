from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from .api import router


def create_app() -> FastAPI:
    api = FastAPI(title="portal")
    api.add_middleware(GZipMiddleware)
    api.include_router(router)
    return api


app = create_app()
