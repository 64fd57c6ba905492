from fastapi import FastAPI
from portal.security_headers import SecurityHeadersMiddleware
from starlette.middleware.gzip import GZipMiddleware

from .api import router


def create_app() -> FastAPI:
    api = FastAPI(title="portal")
    api.add_middleware(GZipMiddleware)
    api.include_router(router)
    api.add_middleware(SecurityHeadersMiddleware)
    return api


app = create_app()
