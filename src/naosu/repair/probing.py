"""Requests that bring out faults which leave no traceback: missing headers, CORS, injection, unknown paths."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from naosu.domain.evidence import WebRequest
from naosu.repair.openapi import Operation

FOREIGN_ORIGIN = "https://elsewhere.example"
UNKNOWN_PATH = "/naosu-looks-for-what-is-not-there"
APOSTROPHE = "O'Brien"
_SERVER_FAULT = 500
_TEXT_VALUE = re.compile(r"(?P<name>[?&][^=&]+=)(?P<value>[^&]*[A-Za-z][^&]*)")


def probes(reads: Sequence[WebRequest], known: Sequence[Operation]) -> Iterator[WebRequest]:
    """Yield the probes that these reading requests allow; none of them writes."""
    gets = [request for request in reads if request.method == "GET"]
    healthy = next((one for one in gets if one.status < _SERVER_FAULT), WebRequest(method="GET", path="/"))
    failed = next((one for one in gets if one.status >= _SERVER_FAULT), None)
    yield _from_elsewhere(healthy)
    if failed is not None:
        yield _from_elsewhere(failed)
    yield WebRequest(
        method="OPTIONS",
        path=healthy.path,
        headers=(("origin", FOREIGN_ORIGIN), ("access-control-request-method", "GET")),
        is_made_up=True,
    )
    yield from _with_apostrophe(gets, known)
    yield WebRequest(method="GET", path=UNKNOWN_PATH, is_made_up=True)


def _from_elsewhere(request: WebRequest) -> WebRequest:
    kept = tuple(pair for pair in request.headers if pair[0].lower() not in ("origin", "cookie"))
    cookie = next((value for name, value in request.headers if name.lower() == "cookie"), "session=naosu")
    headers = (*kept, ("origin", FOREIGN_ORIGIN), ("cookie", cookie))
    return msgspec.structs.replace(request, headers=headers, is_made_up=True)


def _with_apostrophe(gets: Sequence[WebRequest], known: Sequence[Operation]) -> Iterator[WebRequest]:
    """Yield one request with an apostrophe where a text belongs: in the query, or in the path."""
    for request in gets:
        if _TEXT_VALUE.search(request.path):
            changed = _TEXT_VALUE.sub(rf"\g<name>{APOSTROPHE}", request.path, count=1)
            yield msgspec.structs.replace(request, path=changed.replace("'", "%27"), status=0, is_made_up=True)
            return
    operation = next((one for one in known if one.method == "GET" and one.takes_text), None)
    if operation is not None:
        path = operation.path({}, texts=APOSTROPHE)
        yield WebRequest(method="GET", path=path, is_made_up=True)
