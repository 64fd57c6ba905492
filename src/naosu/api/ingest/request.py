"""One request: the headers that matter, and its body, received with bounded memory."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from naosu.ingest.errors import BodyTooLargeError, MalformedReportError, OverloadedError
from naosu.ingest.limits import IngestLimits

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
_TEXT_CHARS_MAX = 200


class ClientGoneError(Exception):
    """The client closed the connection before all was received. There is nobody to answer."""


class IngestRequest(msgspec.Struct, frozen=True):
    """The headers that matter. Texts are ASCII; what is not is replaced."""

    method: str
    query_string: bytes
    content_length: int | None
    content_encoding: str
    content_type: str
    sentry_auth: str
    authorization: str
    origin: str
    user_agent: str
    sender_ip: str


def to_request(scope: Scope) -> IngestRequest:
    """Return what the door needs of an ASGI scope. Raises MalformedReportError."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    client = scope.get("client")
    return IngestRequest(
        scope["method"],
        scope["query_string"],
        _content_length(headers.get(b"content-length")),
        _text(headers.get(b"content-encoding")),
        _text(headers.get(b"content-type"))[:_TEXT_CHARS_MAX],
        _text(headers.get(b"x-sentry-auth")),
        _text(headers.get(b"authorization")),
        _text(headers.get(b"origin")),
        _text(headers.get(b"user-agent"))[:_TEXT_CHARS_MAX],
        client[0] if client else "",
    )


def _text(value: bytes | None) -> str:
    return value.decode("ascii", "replace") if value else ""


def _content_length(value: bytes | None) -> int | None:
    if value is None:
        return None
    if not value.isdigit() or len(value) > 18:  # noqa: PLR2004 - digits of a signed 64-bit number
        raise MalformedReportError("The Content-Length is not a number.", reason="content_length")
    return int(value)


class BodyReceiver:
    """Receives bodies one after another or at once, all together within `inflight_bytes_max`."""

    def __init__(self, limits: IngestLimits) -> None:
        self._limits = limits
        self._inflight_bytes = 0

    async def receive(self, request: IngestRequest, receive: Receive) -> bytes:
        """Return the whole body.

        Raises:
            BodyTooLargeError: Over the limit: by its Content-Length at once, else when it gets there.
            OverloadedError: Too many bodies are being received. Retryable.
            ClientGoneError: The client gave up.
        """
        if (request.content_length or 0) > self._limits.body_bytes_max:
            raise self._too_large()
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):  # the usual case, without copies
            body: bytes = message.get("body", b"")
            if len(body) > self._limits.body_bytes_max:
                raise self._too_large()
            return body
        return await self._receive_rest(message, receive)

    async def _receive_rest(self, message: dict[str, Any], receive: Receive) -> bytes:
        body = bytearray()
        try:
            while True:
                if message["type"] != "http.request":
                    raise ClientGoneError
                chunk: bytes = message.get("body", b"")
                self._inflight_bytes += len(chunk)
                body += chunk
                if len(body) > self._limits.body_bytes_max:
                    raise self._too_large()
                if self._inflight_bytes > self._limits.inflight_bytes_max:
                    raise OverloadedError("Too much is being received at once.", reason="inflight_bytes")
                if not message.get("more_body", False):
                    return bytes(body)
                message = await receive()
        finally:
            self._inflight_bytes -= len(body)

    def _too_large(self) -> BodyTooLargeError:
        return BodyTooLargeError(f"The body is over {self._limits.body_bytes_max} bytes.", reason="body_too_large")
