"""Everything that people see of an event, from its payload: plain values, nothing looked up."""

from typing import Any

import msgspec

from naosu.domain.event import Frame
from naosu.normalize.errors import UnreadableReportError
from naosu.normalize.frames import with_ownership
from naosu.normalize.lenient import decode_anything, integer, members, text, truth, values
from naosu.normalize.views import (
    Breadcrumb,
    EventDetail,
    ExceptionDetail,
    FrameDetail,
    RequestDetail,
    SourceLine,
    ThreadDetail,
)

__all__ = ["EventDetail", "pairs", "shown", "to_detail"]

_VALUE_MAX = 2000
_FRAMES_MAX = 500
_FILTERED = "[Filtered]"


_KNOWN = frozenset(
    [
        "event_id",
        "timestamp",
        "platform",
        "level",
        "logger",
        "message",
        "logentry",
        "transaction",
        "release",
        "dist",
        "environment",
        "server_name",
        "sdk",
        "exception",
        "stacktrace",
        "threads",
        "request",
        "user",
        "tags",
        "contexts",
        "breadcrumbs",
        "extra",
        "modules",
        "_meta",
        "received",
        "culprit",
        "sentry.interfaces.Exception",
        "sentry.interfaces.Http",
        "sentry.interfaces.User",
        "sentry.interfaces.Message",
    ]
)


def to_detail(payload: bytes) -> EventDetail:
    """Read a scrubbed payload for display; what is odd is shown as it is, and nothing is lost.

    Raises:
        UnreadableReportError: It is no JSON object. Not retryable.
    """
    try:
        raw = decode_anything(payload)
    except (ValueError, RecursionError) as error:
        raise UnreadableReportError(f"The event is not JSON: {str(error)[:200]}") from None
    if not isinstance(raw, dict):
        raise UnreadableReportError("The event is JSON, but not an object.")
    platform = (text(raw.get("platform")) or "other").lower()
    message, template = _message(raw)
    return EventDetail(
        **{name: text(raw.get(name)) or "" for name in _PLAIN},
        level=(text(raw.get("level")) or "error").lower(),
        platform=platform,
        message=message,
        template=template,
        sdk=_sdk(raw.get("sdk")),
        exceptions=_exceptions(raw, platform),
        stack=_frames(raw.get("stacktrace"), platform),
        threads=tuple(_thread(item, platform) for item in values(raw.get("threads")) if isinstance(item, dict)),
        request=_request(raw.get("request") or raw.get("sentry.interfaces.Http")),
        user=pairs(raw.get("user") or raw.get("sentry.interfaces.User")),
        tags=pairs(raw.get("tags")),
        contexts=tuple((name, pairs(context)) for name, context in members(raw.get("contexts")).items() if context),
        breadcrumbs=tuple(_breadcrumb(item) for item in values(raw.get("breadcrumbs")) if isinstance(item, dict)),
        extra=pairs(raw.get("extra")),
        modules=pairs(raw.get("modules")),
        unknown=tuple((name, shown(value)) for name, value in raw.items() if name not in _KNOWN and value is not None),
        filtered=tuple(_filtered(raw)),
    )


_PLAIN = ("event_id", "timestamp", "logger", "transaction", "release", "dist", "environment", "server_name")


def shown(value: Any) -> str:
    """Return any value as people read it: strings as they are, the rest as indented JSON, bounded."""
    if isinstance(value, str):
        return value if len(value) <= _VALUE_MAX else value[:_VALUE_MAX] + "…"
    if value is None or isinstance(value, bool | int | float):
        return text(value) or "null"
    try:
        written = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    except (msgspec.MsgspecError, OverflowError, RecursionError, TypeError):
        written = str(value)
    return written if len(written) <= _VALUE_MAX else written[:_VALUE_MAX] + "…"


def pairs(value: Any) -> tuple[tuple[str, str], ...]:
    """Return the members of an object, a list of pairs or of keys with values, as text, in order."""
    if isinstance(value, dict):
        return tuple((str(name), shown(item)) for name, item in value.items())
    found = []
    for i, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, list) and len(item) == len(("name", "value")):
            found.append((text(item[0]) or "", shown(item[1])))
        elif isinstance(item, dict) and ("key" in item or "name" in item):
            found.append((text(item.get("key", item.get("name"))) or "", shown(item.get("value"))))
        else:
            found.append((str(i), shown(item)))
    if isinstance(value, str) and value:
        found.append(("", shown(value)))
    return tuple(found)


def _message(raw: dict[str, Any]) -> tuple[str, str]:
    sent = raw.get("logentry") or raw.get("message") or raw.get("sentry.interfaces.Message")
    if not isinstance(sent, dict):
        return shown(sent) if sent else "", ""
    formatted, template = text(sent.get("formatted")), text(sent.get("message"))
    params = sent.get("params")
    if params:
        template = f"{template or ''}  {shown(params)}".strip()
    return shown(formatted or text(sent.get("message")) or ""), template if template != formatted and template else ""


def _sdk(value: Any) -> str:
    raw = members(value)
    return " ".join(part for part in (text(raw.get("name")), text(raw.get("version"))) if part)


def _exceptions(raw: dict[str, Any], platform: str) -> tuple[ExceptionDetail, ...]:
    """Read the chain: senders put the cause first; people want the last one first."""
    listed = [
        item
        for item in values(raw.get("exception") or raw.get("sentry.interfaces.Exception"))
        if isinstance(item, dict)
    ]
    by_id = {integer(members(item.get("mechanism")).get("exception_id")): item for item in listed}
    return tuple(_exception(item, i, by_id, platform) for i, item in enumerate(reversed(listed)))


def _exception(
    raw: dict[str, Any], place: int, by_id: dict[int | None, dict[str, Any]], platform: str
) -> ExceptionDetail:
    mechanism = members(raw.get("mechanism"))
    parent = by_id.get(integer(mechanism.get("parent_id"))) if mechanism.get("parent_id") is not None else None
    depth = 0
    seen = raw
    while depth < len(by_id):
        above = integer(members(seen.get("mechanism")).get("parent_id"))
        if above is None or above not in by_id or by_id[above] is seen:
            break
        seen = by_id[above]
        depth += 1
    return ExceptionDetail(
        type=text(raw.get("type")) or "",
        value=shown(text(raw.get("value")) or ""),
        module=text(raw.get("module")) or "",
        frames=_frames(raw.get("stacktrace") or raw.get("raw_stacktrace"), platform),
        handled=truth(mechanism.get("handled")),
        mechanism=text(mechanism.get("type")) or "",
        relation=_relation(place, mechanism, parent),
        depth=depth,
    )


def _relation(place: int, mechanism: dict[str, Any], parent: dict[str, Any] | None) -> str:
    if place == 0 and parent is None:
        return ""
    if parent is not None and truth(members(parent.get("mechanism")).get("is_exception_group")):
        return "member of group"
    return "while handling" if text(mechanism.get("source")) == "__context__" else "caused by"


def _frames(value: Any, platform: str) -> tuple[FrameDetail, ...]:
    listed = value if isinstance(value, list) else values(members(value).get("frames"))
    frames = [item for item in listed if isinstance(item, dict)]
    if len(frames) > _FRAMES_MAX:
        frames = frames[: _FRAMES_MAX // 2] + frames[-_FRAMES_MAX // 2 :]
    return tuple(_frame(item, platform) for item in reversed(frames))


def _frame(raw: dict[str, Any], platform: str) -> FrameDetail:
    lineno = max(integer(raw.get("lineno")) or 0, 0)
    bare = Frame(
        module=text(raw.get("module")) or "",
        function=text(raw.get("function")) or "",
        filename=text(raw.get("filename")) or "",
        abs_path=text(raw.get("abs_path")) or "",
        package=text(raw.get("package")) or "",
        in_app=truth(raw.get("in_app")),
    )
    return FrameDetail(
        function=bare.function,
        module=bare.module,
        filename=bare.filename,
        abs_path=bare.abs_path,
        lineno=lineno,
        colno=max(integer(raw.get("colno")) or 0, 0),
        in_app=bool(with_ownership((bare,), platform)[0].in_app),
        lines=_lines(raw, lineno),
        variables=pairs(raw.get("vars")),
        package=bare.package,
        address=text(raw.get("instruction_addr")) or "",
    )


def _lines(raw: dict[str, Any], lineno: int) -> tuple[SourceLine, ...]:
    current = text(raw.get("context_line"))
    if current is None:
        return ()
    before, after = raw.get("pre_context"), raw.get("post_context")
    above = [text(line) or "" for line in before] if isinstance(before, list) else []
    below = [text(line) or "" for line in after] if isinstance(after, list) else []
    first = max(lineno - len(above), 1)
    return (
        *(SourceLine(first + i, line) for i, line in enumerate(above)),
        SourceLine(lineno, current, current=True),
        *(SourceLine(lineno + 1 + i, line) for i, line in enumerate(below)),
    )


def _thread(raw: dict[str, Any], platform: str) -> ThreadDetail:
    return ThreadDetail(
        id=text(raw.get("id")) or "",
        name=text(raw.get("name")) or "",
        crashed=bool(truth(raw.get("crashed"))),
        current=bool(truth(raw.get("current"))),
        frames=_frames(raw.get("stacktrace"), platform),
    )


def _request(value: Any) -> RequestDetail | None:
    raw = members(value)
    if not raw:
        return None
    query = raw.get("query_string")
    return RequestDetail(
        method=text(raw.get("method")) or "",
        url=text(raw.get("url")) or "",
        query=_query(query) if isinstance(query, str) else pairs(query),
        headers=pairs(raw.get("headers")),
        cookies=_cookies(raw.get("cookies")),
        env=pairs(raw.get("env")),
        data=shown(raw["data"]) if raw.get("data") not in (None, "") else "",
    )


def _query(query: str) -> tuple[tuple[str, str], ...]:
    parts = [part.partition("=") for part in query.lstrip("?").split("&") if part]
    return tuple((name, value) for name, _, value in parts)


def _cookies(value: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(value, str) and value and value != _FILTERED:
        parts = [part.strip().partition("=") for part in value.split(";") if part.strip()]
        return tuple((name, content) for name, _, content in parts)
    return pairs(value)


def _breadcrumb(raw: dict[str, Any]) -> Breadcrumb:
    return Breadcrumb(
        timestamp=text(raw.get("timestamp")) or "",
        type=text(raw.get("type")) or "default",
        category=text(raw.get("category")) or "",
        level=text(raw.get("level")) or "info",
        message=shown(text(raw.get("message")) or ""),
        data=pairs(raw.get("data")),
    )


def _filtered(raw: dict[str, Any], limit: int = 100) -> list[str]:
    """Return where ``[Filtered]`` stands, outermost first."""
    found: list[str] = []
    waiting: list[tuple[str, Any]] = [("", {key: value for key, value in raw.items() if key != "_meta"})]
    while waiting and len(found) < limit:
        path, value = waiting.pop()
        if isinstance(value, str):
            if _FILTERED in value:
                found.append(path)
        elif isinstance(value, dict):
            waiting += [(f"{path}.{key}" if path else str(key), item) for key, item in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(f"{path}.{i}", item) for i, item in reversed(list(enumerate(value)))]
    return found
