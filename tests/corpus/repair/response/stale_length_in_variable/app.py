from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


class Shout(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        text = b"".join([c async for c in response.body_iterator]).decode()
        headers = dict(response.headers)
        headers["X-Shout"] = "1"
        return Response(text.upper() + "!!!", status_code=response.status_code, headers=headers, media_type="text/plain")


def y(request):
    return PlainTextResponse("why")


app = Starlette(routes=[Route("/y", y)])
app.add_middleware(Shout)
