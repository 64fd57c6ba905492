from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

origins = ["http://localhost:3000", "*"]
app = Starlette(
    routes=[Route("/", lambda request: PlainTextResponse("hi"))],
    middleware=[Middleware(CORSMiddleware, allow_origins=origins, allow_credentials=True)],
)
