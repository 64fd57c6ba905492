import datetime as dt

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def d(request):
    return JSONResponse({"at": dt.datetime(2026, 1, 2)})


app = Starlette(routes=[Route("/d", d)])
