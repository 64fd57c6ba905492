import json

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


@app.middleware("http")
async def envelope(request: Request, call_next):
    response = await call_next(request)
    raw = b""
    async for piece in response.body_iterator:
        raw += piece
    answer = JSONResponse({"ok": True, "data": json.loads(raw)}, status_code=response.status_code)
    answer.raw_headers += [
        (name, value)
        for name, value in response.raw_headers
        if name not in (b"content-length", b"content-encoding", b"etag", b"content-type")
    ]
    return answer


@app.get("/x")
def x():
    answer = JSONResponse({"x": 1})
    answer.set_cookie("p", "1")
    answer.set_cookie("q", "2")
    return answer
