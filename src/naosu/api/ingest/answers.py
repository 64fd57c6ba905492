"""What the door says: short, with the headers that SDKs and browsers look for."""

import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from naosu.domain.errors import NaosuError

Send = Callable[[dict[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

_RETRY_AFTER_S = 10
_NOT_IN_HEADERS = re.compile(r"[^\x20-\x7e]")
_ERROR_CHARS_MAX = 200
_CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-sentry-error, x-sentry-rate-limits, retry-after"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_ALLOWED_HEADERS = (
    b"x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, authentication, "
    b"authorization, content-encoding, transfer-encoding, baggage, sentry-trace, traceparent"
)
_PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", _ALLOWED_HEADERS),
    (b"access-control-max-age", b"3600"),
)
_JSON = (b"content-type", b"application/json")


class Answer(msgspec.Struct, frozen=True):
    """An answer, ready to be sent."""

    status: int
    body: bytes
    headers: tuple[Header, ...]


PREFLIGHT = Answer(200, b"", (*_CORS, *_PREFLIGHT, (b"content-length", b"0")))


def accepted(event_id: str, *, limits_header: str = "") -> Answer:
    """Say that all is on disk. The id may be empty: nothing that came has one."""
    body = b'{"id":"%s"}' % event_id.encode() if event_id else b"{}"
    limits = ((b"x-sentry-rate-limits", limits_header.encode()),) if limits_header else ()
    return Answer(200, body, (*_CORS, _JSON, (b"content-length", b"%d" % len(body)), *limits))


def accepted_otlp(content_type: str) -> Answer:
    """Say it as OTLP exporters want to hear it: an empty ExportServiceResponse, in their own encoding."""
    is_json = "json" in content_type
    body = b"{}" if is_json else b""
    kind = b"application/json" if is_json else b"application/x-protobuf"
    return Answer(200, body, (*_CORS, (b"content-type", kind), (b"content-length", b"%d" % len(body))))


def refused(error: NaosuError, *, allow: str = "") -> Answer:
    """Say why not: problem details (RFC 9457), and the header that SDKs log."""
    reason = getattr(error, "reason", error.code.rpartition(".")[2])
    detail = _NOT_IN_HEADERS.sub("?", str(error))
    problem = {
        "type": f"urn:naosu:error:{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": detail,
        "code": error.code,
        "reason": reason,
        "causes": [reason],
    }
    if error.mend:
        problem["mend"] = error.mend
    body = msgspec.json.encode(problem)
    extra = {
        "retry-after": str(getattr(error, "retry_after_s", _RETRY_AFTER_S)) if error.retryable else "",
        "x-sentry-rate-limits": getattr(error, "limits_header", ""),
        "allow": allow,
    }
    headers = (
        *_CORS,
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-sentry-error", detail[:_ERROR_CHARS_MAX].encode()),
        *_encoded(extra),
    )
    return Answer(error.status, body, headers)


def _encoded(headers: Mapping[str, str]) -> tuple[Header, ...]:
    return tuple((name.encode(), value.encode()) for name, value in headers.items() if value)


async def send_answer(answer: Answer, send: Send) -> None:
    """Send it. The body of an answer to HEAD is left out by the server."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})
