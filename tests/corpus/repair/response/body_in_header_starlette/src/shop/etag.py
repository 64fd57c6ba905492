from hashlib import md5

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response


class EtagMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next) -> Response:
        try:
            response = await call_next(request)
        except ValueError:
            return Response(status_code=400)
        response.headers["ETag"] = '"' + md5(response.body).hexdigest() + '"'
        if request.headers.get("if-none-match") == response.headers["ETag"]:
            return Response(status_code=304)
        return response
