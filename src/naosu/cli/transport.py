"""Two ways to put a question to the REST API: over HTTP, or to the application in this process."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from urllib.parse import unquote, urlencode

import msgspec

from naosu.domain.errors import NaosuError

_TIMEOUT_S = 60.0
_SUCCESS = range(200, 300)

Scope = dict[str, Any]
Message = dict[str, Any]
AsgiApp = Callable[[Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class UnreachableError(NaosuError):
    """No server answers at the URL. Retryable."""

    code = "cli.unreachable"
    retryable = True


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int
    content_type: str
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether it is what was asked for, and no refusal."""
        return self.status in _SUCCESS

    def decoded(self) -> Any:
        """Return JSON as values, another type as text, and None where there is no content. Raises ValueError."""
        if not self.content:
            return None
        return json.loads(self.content) if "json" in self.content_type else self.content.decode(errors="replace")


class Transport(Protocol):
    """Puts one question at a time."""

    def ask(self, method: str, path: str, *, query: Mapping[str, Any], body: Any = None) -> Answer:
        """Return the answer, whatever it is. Raises UnreachableError when there is none."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


class Remote:
    """Asks a running server."""

    def __init__(self, url: str, *, token: str = "") -> None:
        import httpx

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url
        self._client = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S, follow_redirects=False)

    def ask(self, method: str, path: str, *, query: Mapping[str, Any], body: Any = None) -> Answer:
        """Return the answer, whatever it is. Raises UnreachableError when there is none."""
        import httpx

        try:
            answer = self._client.request(method, path, params=query or None, json=body)
        except httpx.TransportError as error:
            raise UnreachableError(
                f"no answer from {self._url}: {str(error) or type(error).__name__}",
                mend="Is the server running there? Start it with `naosu serve`.",
            ) from error
        content_type = answer.headers.get("content-type", "")
        return Answer(status=answer.status_code, content_type=content_type, content=answer.content)

    def close(self) -> None:
        """Release the connections."""
        self._client.close()


class InProcess:
    """Asks an application in this process; an HTTP client for that takes as long to import as the answer takes."""

    def __init__(self, app: AsgiApp, *, close: Callable[[], None]) -> None:
        self._app = app
        self._close = close
        self._runner = asyncio.Runner()

    def ask(self, method: str, path: str, *, query: Mapping[str, Any], body: Any = None) -> Answer:
        """Return the answer, whatever it is; a defect in a handler is an answer with status 500."""
        return self._runner.run(self._ask(_scope(method, path, query, has_body=body is not None), body))

    async def _ask(self, scope: Scope, body: Any) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        waiting: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]
        sent: list[Message] = []
        answered = asyncio.Event()

        async def receive() -> Message:
            if waiting:
                return waiting.pop()
            await answered.wait()  # a caller that is gone would be sent no more of a stream
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                answered.set()

        try:
            await self._app(scope, receive, send)
        except Exception:  # why: a server answers it with 500, and logs it; without an answer it is our own defect
            if not sent:
                raise
        headers = {name.lower(): value for name, value in sent[0]["headers"]}
        return Answer(
            status=sent[0]["status"],
            content_type=headers.get(b"content-type", b"").decode("latin-1"),
            content=b"".join(message.get("body", b"") for message in sent[1:]),
        )

    def close(self) -> None:
        """End the event loop and release the application."""
        self._runner.close()
        self._close()


def _scope(method: str, path: str, query: Mapping[str, Any], *, has_body: bool) -> Scope:
    pairs = [(name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in query.items()]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "root_path": "",
        "query_string": urlencode(pairs).encode("ascii"),
        "headers": [(b"host", b"naosu.local"), *([(b"content-type", b"application/json")] if has_body else [])],
        "client": ("127.0.0.1", 0),
        "server": ("naosu.local", 80),
    }
