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


app = Starlette(
    debug=False,
    routes=[Route("/state", state)],
    on_startup=[load, connect],
    on_shutdown=[disconnect],
)
