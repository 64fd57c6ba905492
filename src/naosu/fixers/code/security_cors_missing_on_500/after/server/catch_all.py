"""Answers errors that nothing else catches where other middleware, such as CORS, still sees the answer."""

import inspect
import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse

logger = logging.getLogger(__name__)


class CatchAllMiddleware:
    """Asks the application's own handler for Exception; the error is logged as before."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched_send(message):
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        except Exception as exc:
            if started:
                raise
            logger.exception("Exception in ASGI application: %s %s", scope["method"], scope["path"])
            response = await self.answer(Request(scope, receive), exc)
            await response(scope, receive, send)

    async def answer(self, request, exc):
        handlers = request.app.exception_handlers
        handler = handlers.get(500) or handlers.get(Exception)
        if handler is None:
            return PlainTextResponse("Internal Server Error", status_code=500)
        if inspect.iscoroutinefunction(handler):
            return await handler(request, exc)
        return await run_in_threadpool(handler, request, exc)
