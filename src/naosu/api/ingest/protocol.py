"""uvicorn's HTTP protocol with bounds on what a client may make the server hold: header size, and time."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CHECK_INTERVAL_S = 2.0
_LONG_BODY_FACTOR = 16
_LINE_EXTRA_BYTES = 4  # ": " and the end of the line
_NAMED = {
    408: (b"Request Timeout", b"request_timeout", b"The request came too slowly."),
    431: (b"Request Header Fields Too Large", b"headers_too_large", b"The request headers are too large."),
}


def bounded_protocol(
    *,
    header_bytes_max: int = 32 * 1024,
    header_count_max: int = 100,
    header_time_max_s: float = 10.0,
    body_time_grace_s: float = 10.0,
    body_bytes_per_s_min: int = 1024,
    body_time_max_s: float = 60.0,
) -> type[HttpToolsProtocol]:
    """Return the protocol class with these bounds, for uvicorn's ``http=``.

    Args:
        header_bytes_max: Request line and headers; over it 431.
        header_count_max: Over it 431.
        header_time_max_s: From the connection, or the first byte of a further request, to the end of the headers.
        body_time_grace_s: So long a body may go without progress.
        body_bytes_per_s_min: Anything slower is no progress.
        body_time_max_s: A body that takes longer has to come at sixteen times that rate on average: it holds memory
            that others need.
    """
    bounds = {
        "header_bytes_max": header_bytes_max,
        "header_count_max": header_count_max,
        "header_time_max_s": header_time_max_s,
        "body_time_grace_s": body_time_grace_s,
        "body_bytes_per_s_min": body_bytes_per_s_min,
        "body_time_max_s": body_time_max_s,
    }
    return type("BoundedHttpProtocol", (_BoundedProtocol,), bounds)


class _BoundedProtocol(HttpToolsProtocol):
    """One timer per connection looks now and then; a timer per request would cost more than the parsing."""

    header_bytes_max: int
    header_count_max: int
    header_time_max_s: float
    body_time_grace_s: float
    body_bytes_per_s_min: int
    body_time_max_s: float

    _check: asyncio.TimerHandle | None = None
    _headers_since_s: float | None = None
    _body_since_s: float | None = None
    _progress_at_s = 0.0
    _progress_bytes = 0
    _header_bytes = 0
    _body_bytes = 0
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._headers_since_s = self.loop.time()
        self._check = self.loop.call_later(self._check_interval_s(), self._check_progress)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._check is not None:
            self._check.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if self._body_since_s is not None:
            self._body_bytes += len(data)
        elif self._headers_since_s is None:
            self._headers_since_s = self.loop.time()
        super().data_received(data)
        if self._body_since_s is None and self._headers_since_s is not None and not self._is_refused:
            self._header_bytes += len(data)
            if self._header_bytes > self.header_bytes_max:
                self._refuse(431)

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + _LINE_EXTRA_BYTES for name, value in self.headers)
        if size > self.header_bytes_max or len(self.headers) > self.header_count_max:
            self._refuse(431)
            return
        self._headers_since_s = None
        self._header_bytes = 0
        self._body_bytes = 0
        self._body_since_s = self._progress_at_s = self.loop.time()
        self._progress_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._body_since_s = None
        if not self._is_refused:
            super().on_message_complete()

    def _check_interval_s(self) -> float:
        return min(_CHECK_INTERVAL_S, self.header_time_max_s / 2, self.body_time_grace_s / 2)

    def _check_progress(self) -> None:
        if self._is_too_slow(self.loop.time()):
            self._refuse(408)
        else:
            self._check = self.loop.call_later(self._check_interval_s(), self._check_progress)

    def _is_too_slow(self, now_s: float) -> bool:
        if self._headers_since_s is not None:
            return now_s - self._headers_since_s > self.header_time_max_s
        if self._body_since_s is None:
            return False
        needed_bytes = (now_s - self._progress_at_s) * self.body_bytes_per_s_min
        if self.flow.read_paused or self._body_bytes - self._progress_bytes >= needed_bytes:  # paused by us
            self._progress_at_s, self._progress_bytes = now_s, self._body_bytes
            return self._is_too_long(now_s - self._body_since_s)
        return now_s - self._progress_at_s > self.body_time_grace_s

    def _is_too_long(self, elapsed_s: float) -> bool:
        bytes_min = elapsed_s * self.body_bytes_per_s_min * _LONG_BODY_FACTOR
        return elapsed_s > self.body_time_max_s and self._body_bytes < bytes_min and not self.flow.read_paused

    def _refuse(self, status: int) -> None:
        """Answer, unless an answer is under way, and close."""
        self._is_refused = True
        is_answering = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if not is_answering and not self.transport.is_closing():
            self.transport.write(_refusal(status))
        self.transport.close()


def _refusal(status: int) -> bytes:
    title, reason, detail = _NAMED[status]
    body = b'{"type":"urn:naosu:error:ingest.%s","title":"%s","status":%d,"detail":"%s","code":"ingest.%s"}' % (
        reason,
        title,
        status,
        detail,
        reason,
    )
    return (
        b"HTTP/1.1 %d %s\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n"
        b"x-sentry-error: %s\r\nconnection: close\r\n\r\n" % (status, title, len(body), detail)
    ) + body


__all__: list[Any] = ["bounded_protocol"]
