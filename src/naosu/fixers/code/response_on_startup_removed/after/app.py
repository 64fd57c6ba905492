from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

STATE = {}


def load():
    STATE["loaded"] = True


async def connect():
    STATE["connected"] = True


async def disconnect():
    STATE.clear()


async def state(request):
    return JSONResponse(STATE)


@asynccontextmanager
async def lifespan(app):
    load()
    await connect()
    yield
    await disconnect()


app = Starlette(
    debug=False,
    routes=[Route("/state", state)],
    lifespan=lifespan,
)
