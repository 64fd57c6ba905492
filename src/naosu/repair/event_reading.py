"""Evidence from a stored event: its payload, as SDKs send it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from naosu.domain.evidence import CodeFrame, FaultEvidence, Raised, WebRequest
from naosu.ports.fixer import SourceTree
from naosu.repair.frames import FrameMatcher, merged
from naosu.repair.masking import masked
from naosu.repair.tracebacks import Chain

_FILTERED = "[Filtered]"
_NOT_SENT_AGAIN = frozenset({
    "host", "content-length", "connection", "transfer-encoding", "accept-encoding", "keep-alive", "te", "upgrade",
    "sentry-trace", "baggage", "traceparent", "tracestate", "expect", "proxy-authorization",
})  # fmt: skip
_SERVER_FAULT = 500
_MEMBERS_MAX = 15
_DEPTH_MAX = 30


def read_event(payload: Mapping[str, Any] | bytes, source: SourceTree) -> FaultEvidence:
    """Read an event's payload: its exceptions with their frames, its request with headers and body, its breadcrumbs.

    What was scrubbed from the request is left out of it. An odd payload gives less evidence, never an error.
    """
    event = _decoded(payload)
    matcher = FrameMatcher(source)
    request = _request(event)
    return FaultEvidence(
        crashes=merged(matcher.crash(chain) for chain in _chains(event)),
        requests=(request,) if request else (),
        log=masked("\n".join(_lines(event))),
    )


def _decoded(payload: Mapping[str, Any] | bytes) -> Mapping[str, Any]:
    if isinstance(payload, Mapping):
        return payload
    try:
        event = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _chains(event: Mapping[str, Any]) -> Iterator[Chain]:
    """Yield the exceptions as a log's traceback would have them: one chain, or one for each member of a group."""
    values = [value for value in _list(event.get("exception")) if value.get("type") or value.get("value")]
    ids = {_mechanism(value).get("exception_id") for value in values}
    if not any(_mechanism(value).get("is_exception_group") for value in values) or None in ids:
        if values:
            yield tuple(map(_raised, values))
        return
    below: dict[Any, list[Mapping[str, Any]]] = {}
    for value in reversed(values):
        below.setdefault(_mechanism(value).get("parent_id"), []).append(value)
    for root in below.get(None, ()):
        yield from list(_of_tree(root, below, 0))[:_MEMBERS_MAX]


def _of_tree(value: Mapping[str, Any], below: Mapping[Any, Sequence[Mapping[str, Any]]], depth: int) -> Iterator[Chain]:
    """Yield the chains that end in an exception, or in its members: causes first, a group before its member."""
    if depth > _DEPTH_MAX:
        return
    children = below.get(_mechanism(value).get("exception_id"), ())
    members = [one for one in children if str(_mechanism(one).get("source") or "").startswith("exceptions")]
    causes = [one for one in children if one not in members]
    before = next((next(_of_tree(one, below, depth + 1), ()) for one in causes), ())
    own = (*before, _raised(value))
    if not members:
        yield own
    for member in members:
        for chain in _of_tree(member, below, depth + 1):
            yield (*own, *chain)


def _raised(value: Mapping[str, Any]) -> Raised:
    module, kind = _text(value.get("module")), _text(value.get("type"))
    is_builtin = module in ("", "builtins", "exceptions") or "." in kind
    frames = _list(value.get("stacktrace") or value.get("raw_stacktrace"), key="frames")
    return Raised(
        type=kind if is_builtin else f"{module}.{kind}",
        message=_text(value.get("value")),
        frames=tuple(map(_frame, frames)),
    )


def _frame(frame: Mapping[str, Any]) -> CodeFrame:
    line = frame.get("lineno")
    return CodeFrame(
        path=_text(frame.get("abs_path")) or _text(frame.get("filename")),
        line=line if isinstance(line, int) and line > 0 else 0,
        function=_text(frame.get("function")),
        code=_text(frame.get("context_line")).strip(),
    )


def _request(event: Mapping[str, Any]) -> WebRequest | None:
    request = event.get("request")
    if not isinstance(request, Mapping) or not request.get("url"):
        return None
    parts = urlsplit(_text(request["url"]))
    query = _query(request.get("query_string")) or parts.query
    headers = tuple(_headers(request))
    body = _body(request.get("data"), headers)
    if body is not None and not any(name == "content-type" for name, _ in headers):
        headers = (*headers, ("content-type", "application/json"))
    return WebRequest(
        method=(_text(request.get("method")) or "GET").upper(),
        path=(parts.path or "/") + (f"?{query}" if query else ""),
        headers=headers,
        body=body,
        status=_status(event),
    )


def _status(event: Mapping[str, Any]) -> int:
    contexts = event.get("contexts")
    response = contexts.get("response") if isinstance(contexts, Mapping) else None
    status = response.get("status_code") if isinstance(response, Mapping) else None
    if isinstance(status, int):
        return status
    handled = [_mechanism(value).get("handled") for value in _list(event.get("exception"))]
    return _SERVER_FAULT if False in handled else 0


def _query(value: Any) -> str:
    if isinstance(value, str):
        return value.lstrip("?")
    pairs = list(value.items()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return urlencode(
        [(str(pair[0]), _text(pair[1])) for pair in pairs if isinstance(pair, list | tuple) and len(pair) > 1]
    )


def _headers(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = request.get("headers")
    pairs = list(given.items()) if isinstance(given, Mapping) else given if isinstance(given, list) else []
    names = set()
    for pair in pairs:
        if not (isinstance(pair, list | tuple) and len(pair) > 1):
            continue
        name, value = str(pair[0]).lower(), _text(pair[1])
        if name not in _NOT_SENT_AGAIN and not name.startswith("x-forwarded") and _FILTERED not in value:
            names.add(name)
            yield name, value
    cookies = request.get("cookies")
    if isinstance(cookies, Mapping) and "cookie" not in names:
        kept = [f"{name}={_text(value)}" for name, value in cookies.items() if _FILTERED not in _text(value)]
        if kept:
            yield "cookie", "; ".join(kept)


def _body(data: Any, headers: Sequence[tuple[str, str]]) -> bytes | None:
    if data is None or data in ("", _FILTERED):
        return None
    if isinstance(data, str):
        return data.encode()
    kind = next((value for name, value in headers if name == "content-type"), "")
    if isinstance(data, Mapping) and "x-www-form-urlencoded" in kind:
        return urlencode([(name, one) for name, value in data.items() for one in _several(value)]).encode()
    return msgspec.json.encode(data)


def _several(value: Any) -> list[str]:
    return [_text(one) for one in value] if isinstance(value, list) else [_text(value)]


def _lines(event: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the application said: its breadcrumbs, and the message."""
    for crumb in _list(event.get("breadcrumbs")):
        level = _text(crumb.get("level") or "info").upper()
        if message := _text(crumb.get("message")):
            yield f"{level}: {message}"
    entry = event.get("logentry") or event.get("message")
    said = entry.get("formatted") or entry.get("message") if isinstance(entry, Mapping) else entry
    if said:
        yield f"{_text(event.get('level') or 'error').upper()}: {_text(said)}"
    for value in _list(event.get("exception")):
        raised = _raised(value)
        yield f"{raised.type}: {raised.message}"


def _list(value: Any, key: str = "values") -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        value = value.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _mechanism(value: Mapping[str, Any]) -> Mapping[str, Any]:
    mechanism = value.get("mechanism")
    return mechanism if isinstance(mechanism, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()
