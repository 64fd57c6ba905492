import logging

from starlette.middleware.base import BaseHTTPMiddleware

log = logging.getLogger("watch")


class Watch(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        size = 0
        response = await call_next(request)
        stream = response.body_iterator

        async def read_on_the_way():  # what streams keeps streaming
            nonlocal size
            async for chunk in stream:
                size += len(chunk)
                yield chunk
            if size > 10:
                log.warning("large answer: %d", size)

        response.body_iterator = read_on_the_way()
        return response
