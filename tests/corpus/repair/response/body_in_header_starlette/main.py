import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "src"))

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from shop.etag import EtagMiddleware


async def home(request):
    return JSONResponse({"shop": "open"})


app = Starlette(routes=[Route("/", home)], middleware=[Middleware(EtagMiddleware)])
