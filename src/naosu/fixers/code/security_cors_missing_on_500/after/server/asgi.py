from server.catch_all import CatchAllMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route


def boom(request):
    return JSONResponse({"n": 1 / 0})


def on_error(request, exc):
    return JSONResponse({"detail": "sorry"}, status_code=500)


app = Starlette(
    routes=[Route("/boom", boom)],
    middleware=[
        Middleware(CORSMiddleware, allow_origins=["*"]),
        Middleware(CatchAllMiddleware),
    ],
    exception_handlers={Exception: on_error},
)
