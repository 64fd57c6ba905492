"""What holds for every request: one spelling of paths, bounded bodies, security headers."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from naosu.api.problems import BodyTooLargeError, MalformedRequestError, problem_response

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """Adds headers that keep browsers careful; a handler's own value (a page's CSP) stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses bodies over a limit with 413, declared or not, without holding more than the limit."""

    def __init__(self, app: ASGIApp, *, body_bytes_max: int) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > self._body_bytes_max:
            response = problem_response(
                status=BodyTooLargeError.status,
                code=BodyTooLargeError.code,
                detail=self._sentence(),
                instance=scope["path"],
            )
            await response(scope, receive, send)
            return
        received_bytes = 0

        async def bounded_receive() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > self._body_bytes_max:
                raise BodyTooLargeError(self._sentence())
            return message

        await self._app(scope, bounded_receive, send)

    def _sentence(self) -> str:
        return f"A request's body has at most {self._body_bytes_max} bytes here."


def canonical_path(path: str) -> str:
    """Return the one spelling of a path that routes know: Sentry's API ends in a slash, ours does not."""
    if path.startswith("/api/0/"):
        return path if path.endswith("/") else path + "/"
    if path == "/api/0":
        return "/api/0/"
    if path.startswith("/api/v1/"):
        return path.rstrip("/")
    return path


class OneSpelling:
    """Serves a path with and without its last slash alike: a redirect would lose bodies in some clients.

    Refuses NUL, which no store can hold, before anyone sees it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            path = canonical_path(scope["path"])
            if "\0" in path or b"%00" in scope["query_string"]:
                refusal = MalformedRequestError("An address has no NUL characters.")
                response = problem_response(
                    status=refusal.status, code=refusal.code, detail=str(refusal), instance=path.replace("\0", "")
                )
                await response(scope, receive, send)
                return
            if path != scope["path"]:
                scope = {**scope, "path": path}
        await self._app(scope, receive, send)
