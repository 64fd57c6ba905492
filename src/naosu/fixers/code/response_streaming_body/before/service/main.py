import asyncio
import hashlib
import logging
from time import monotonic

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

logging.basicConfig(level=logging.INFO)
log = logging.getLogger(__name__)


def create_app() -> FastAPI:
    application = FastAPI()

    @application.middleware("http")
    async def fingerprint(req: Request, forward):
        began = monotonic()
        res = await forward(req)
        if res.status_code < 400:
            digest = hashlib.sha256(res.body).hexdigest()
            log.info("%s %s sha256=%s in %.3f s", req.method, req.url.path, digest, monotonic() - began)
        res.headers["X-Served-By"] = "tickets"
        return res

    @application.get("/tickets/{number}")
    async def ticket(number: int, response: Response):
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return {"number": number}

    @application.get("/feed")
    async def feed():
        async def lines():
            for number in range(3):
                yield f"{number}\n"
                await asyncio.sleep(0.15)

        return StreamingResponse(lines(), media_type="text/plain")

    return application


app = create_app()
