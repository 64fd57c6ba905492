from jose import JWTError, jwt
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

KEY = "an-example-key-which-is-long-enough-for-sha"


class Tokens(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if request.url.path.startswith("/login"):
            return await call_next(request)
        try:
            request.state.claims = self.read(request.headers.get("x-token", ""))
        except JWTError as error:
            return JSONResponse({"detail": "Could not validate credentials"}, status_code=401, headers={"WWW-Authenticate": "Bearer"})
        return await call_next(request)

    def read(self, token):
        return jwt.decode(token, KEY, algorithms=["HS256"])


async def login(request):
    return JSONResponse({"token": jwt.encode({"sub": "zoe"}, KEY, algorithm="HS256")})


async def things(request):
    return JSONResponse({"of": request.state.claims["sub"], "things": []})


app = Starlette(routes=[Route("/login", login, methods=["POST"]), Route("/things", things)], middleware=[Middleware(Tokens)])
