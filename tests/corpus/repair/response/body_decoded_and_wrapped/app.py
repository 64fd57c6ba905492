import json

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.middleware.base import BaseHTTPMiddleware


class Envelope(BaseHTTPMiddleware):
    """Puts every JSON answer into an envelope."""

    async def dispatch(self, request, call_next):
        response = await call_next(request)
        payload = json.loads(response.body)
        return JSONResponse({"data": payload, "path": request.url.path}, status_code=response.status_code)


app = FastAPI()
app.add_middleware(Envelope)


@app.get("/cities")
def cities():
    answer = JSONResponse(["Kyoto", "Lyon"])
    answer.set_cookie("one", "1")
    answer.set_cookie("two", "2")
    return answer


@app.get("/health")
def health():
    return PlainTextResponse("ok")
