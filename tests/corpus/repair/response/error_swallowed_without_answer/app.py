import logging

from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware

log = logging.getLogger(__name__)


class Guard:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except Exception:
            log.warning("something went wrong")


class Timing(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["X-Time"] = "1"
        return response


app = FastAPI()
app.add_middleware(Guard)
app.add_middleware(Timing)


@app.get("/ok")
def ok():
    return {}


@app.get("/bad")
def bad():
    raise LookupError("nothing there")
