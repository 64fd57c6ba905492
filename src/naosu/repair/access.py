"""Requests that a server's log tells of, and what begins an entry of such a log."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from naosu.domain.evidence import WebRequest

_METHOD = r"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|QUERY"
ANSWERED = re.compile(rf'"(?P<method>{_METHOD}) (?P<target>\S+)(?: (?:HTTP/)?[\d.]+)?"[ :]+(?P<status>[1-5]\d\d)\b')
_FIELDS = re.compile(
    rf"\bmethod=\"?(?P<method>{_METHOD})\"?\b.*?\bpath=\"?(?P<target>[^\s\"]+)\"?.*?\bstatus(?:_code)?=\"?(?P<status>[1-5]\d\d)\b"
)
_FLASK_FAILED = re.compile(rf"Exception on (?P<target>/\S*) \[(?P<method>{_METHOD})\]")
_DJANGO_FAILED = re.compile(
    r"^(?:.*?[\s:\]])?(?P<reason>Internal Server Error|Bad Request|Unprocessable Entity): (?P<target>/\S*)$"
)
_GUNICORN_FAILED = re.compile(r"Error handling request (?P<target>/\S*)$")
_FROM_OURSELVES = re.compile(rf"https?://\S+ \"(?:{_METHOD}) ")
_REASONS = {"Internal Server Error": 500, "Bad Request": 400, "Unprocessable Entity": 422}
_SERVER_FAULT = 500
_REQUESTS_MAX = 500

_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|SUCCESS|WARN(?:ING)?|ERROR|CRITICAL|FATAL|EXCEPTION)"
_ENTRY = re.compile(
    rf"""\[?{_LEVEL}\]?(?:\s|:|\||-|$)
    | \[?\d{{4}}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d
    | \[?\d\d:\d\d:\d\d\b
    | \[\d\d/[A-Z][a-z]{{2}}/\d{{4}}[ :]
    | [\da-fA-F.:]+\ -\ \S+\ \[
    | [A-Z][a-z]{{2}}\ [ \d]\d\ \d\d:\d\d:\d\d\s
    | \ \*\ [A-Z]
    | (?:Internal\ Server\ Error|Bad\ Request|Not\ Found|Forbidden|Unauthorized|Method\ Not\ Allowed)\b.*:\ /
    """,
    re.VERBOSE,
)


def begins_entry(line: str) -> bool:
    """Tell whether a line is the beginning of a log entry, and not the rest of a message before it."""
    return bool(_ENTRY.match(line) or ANSWERED.search(line))


def requests_of(lines: Sequence[str]) -> tuple[WebRequest, ...]:
    """Return the requests that the log tells of, each once: those that failed first, otherwise as they came."""
    answered = tuple(_answered(lines))
    failed_paths = {request.path for request in answered if request.status >= _SERVER_FAULT}
    named = (request for request in _named(lines) if request.path not in failed_paths)
    return distinct((*answered, *named))[:_REQUESTS_MAX]


def distinct(requests: Iterable[WebRequest]) -> tuple[WebRequest, ...]:
    """Return requests without repetitions, those that the server failed to answer first; one that failed stays so.

    Of two that are alike but for what was recorded with them, the one with more (headers, body) is kept.
    """
    kept: dict[tuple[str, str, bytes | None], WebRequest] = {}
    for request in requests:
        key = (request.method, request.path, request.body)
        known = kept.get(key)
        if known is None or _told(request) > _told(known):
            kept[key] = request
    whole = {(request.method, request.path) for request in kept.values() if request.body is not None}
    rest = [one for one in kept.values() if one.body is not None or (one.method, one.path) not in whole]
    return tuple(sorted(rest, key=lambda request: request.status < _SERVER_FAULT))


def _told(request: WebRequest) -> tuple[bool, int]:
    return request.status >= _SERVER_FAULT, len(request.headers)


def _answered(lines: Sequence[str]) -> Iterator[WebRequest]:
    for line in lines:
        found = ANSWERED.search(line) or _FIELDS.search(line)
        if found and not _FROM_OURSELVES.search(line) and (path := _path(found["target"])):
            yield WebRequest(method=found["method"], path=path, status=int(found["status"]))


def _named(lines: Sequence[str]) -> Iterator[WebRequest]:
    """Yield the requests of which only the failure was logged. Where the method is not told, it is most likely GET."""
    for line in lines:
        if found := _FLASK_FAILED.search(line):
            yield WebRequest(method=found["method"], path=found["target"], status=_SERVER_FAULT)
        elif found := _DJANGO_FAILED.search(line):
            yield WebRequest(method="GET", path=found["target"], status=_REASONS[found["reason"]])
        elif found := _GUNICORN_FAILED.search(line):
            yield WebRequest(method="GET", path=found["target"], status=_SERVER_FAULT)


def _path(target: str) -> str:
    """Return a request's target without scheme and host. Empty: it is none of a server's own paths."""
    if target.startswith("/"):
        return target.partition("#")[0]
    if not target.startswith(("http://", "https://")):
        return ""
    parts = urlsplit(target)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
