"""Which application answers a request: the door for what SDKs send, else the framework."""

from typing import Any

from naosu.api.ingest import IngestApp


class Dispatcher:
    """A raw ASGI application over two others: a report does not pay for routes and middlewares that it never needs."""

    def __init__(self, ingest: IngestApp, rest: Any) -> None:
        self._ingest = ingest
        self._rest = rest

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "http" and self._ingest.matches(scope["path"]):
            await self._ingest(scope, receive, send)
        else:
            await self._rest(scope, receive, send)
