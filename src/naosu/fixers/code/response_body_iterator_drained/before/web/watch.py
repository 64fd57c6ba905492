import logging

from starlette.middleware.base import BaseHTTPMiddleware

log = logging.getLogger("watch")


class Watch(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        size = 0
        response = await call_next(request)
        async for chunk in response.body_iterator:
            size += len(chunk)
        if size > 10:
            log.warning("large answer: %d", size)
        return response
