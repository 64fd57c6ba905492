"""A scrubbed payload becomes an Event."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from naosu.domain.event import Event, ExceptionValue, Frame, Level, ScrubNote, User
from naosu.normalize.errors import UnreadableReportError
from naosu.normalize.frames import with_ownership
from naosu.normalize.lenient import decode_anything, integer, lenient_event, text
from naosu.normalize.moments import plausible, read_moment
from naosu.normalize.wire import (
    Scalar,
    WireEvent,
    WireException,
    WireExceptions,
    WireMessage,
    WireStack,
    WireThread,
    WireThreads,
)

__all__ = ["UnreadableReportError", "to_event"]

_FAST = msgspec.json.Decoder(WireEvent)
_HEX_ID = re.compile(r"[0-9a-f]{32}")
_LEVELS = {level.value: level for level in Level} | {
    "critical": Level.FATAL,
    "emergency": Level.FATAL,
    "alert": Level.FATAL,
    "panic": Level.FATAL,
    "crit": Level.FATAL,
    "err": Level.ERROR,
    "exception": Level.ERROR,
    "severe": Level.ERROR,
    "warn": Level.WARNING,
    "notice": Level.INFO,
    "information": Level.INFO,
    "log": Level.INFO,
    "sample": Level.INFO,
    "trace": Level.DEBUG,
    "verbose": Level.DEBUG,
    "fine": Level.DEBUG,
}
_PLATFORMS = {
    "nodejs": "node",
    "javascript-node": "node",
    "js": "javascript",
    "c#": "csharp",
    "dotnet": "csharp",
    ".net": "csharp",
    "golang": "go",
    "kotlin": "java",
    "objc": "cocoa",
    "swift": "cocoa",
    "c++": "native",
}
_NOT_TAGS = frozenset(("release", "environment", "level", "server_name", "dist", "sentry:release", "sentry:dist"))
_STATUS_TAGS = ("http.status_code", "status_code", "http.response.status_code", "response.status_code", "http.status")
_STATUS_CODES = range(100, 600)
_TITLE_MAX, _RELEASE_MAX, _TAG_KEY_MAX, _TAG_VALUE_MAX, _TAGS_MAX = 200, 250, 32, 200, 50
_TEXT_MAX, _URL_MAX, _FRAMES_MAX, _EXCEPTIONS_MAX, _FINGERPRINT_MAX = 8192, 2000, 500, 50, 32


class Arrival(NamedTuple):
    """What is known of a payload beside itself."""

    project_id: int
    received_at: datetime
    event_id: str
    sender_ip: str
    scrubbed: tuple[ScrubNote, ...]


def to_event(
    payload: bytes,
    *,
    project_id: int,
    received_at: datetime,
    event_id: str = "",
    sender_ip: str = "",
    scrubbed: Sequence[ScrubNote] = (),
) -> Event:
    """Read a scrubbed payload as an event; what is odd is coerced, what is absent is empty.

    Args:
        payload: The event's JSON, scrubbed.
        project_id: Whose it is.
        received_at: By our clock. UTC, aware.
        event_id: From the envelope's header: it wins over the payload's. Empty: it has none.
        sender_ip: What ``{{auto}}`` stands for, scrubbed like the rest.
        scrubbed: What was removed.

    Raises:
        UnreadableReportError: It is no JSON object. Not retryable.
    """
    wire = _decode(payload)
    arrival = Arrival(project_id, received_at, event_id, sender_ip, tuple(scrubbed))
    try:
        return _event(wire, payload, arrival)
    except UnicodeEncodeError:
        raise UnreadableReportError("The event holds text that is no Unicode.") from None


def _decode(payload: bytes) -> WireEvent:
    try:
        wire = _FAST.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    else:
        if not _may_hide_an_exception(wire, payload):
            return wire
    try:
        raw = decode_anything(payload)
    except (ValueError, RecursionError) as error:
        raise UnreadableReportError(f"The event is not JSON: {str(error)[:200]}") from None
    if not isinstance(raw, dict):
        raise UnreadableReportError("The event is JSON, but not an object.")
    return lenient_event(raw)


def _may_hide_an_exception(wire: WireEvent, payload: bytes) -> bool:
    """Say whether an exception may stand where the fast way does not look: bare, or under its legacy name."""
    if wire.exception is None:
        return b'"sentry.interfaces.' in payload
    return isinstance(wire.exception, WireExceptions) and wire.exception.values is None


def _event(wire: WireEvent, payload: bytes, arrival: Arrival) -> Event:
    platform = _platform(wire)
    exceptions = _exceptions(wire.exception, platform)
    message, template = _message(wire)
    tags, found = _tags(wire.tags)
    request, contexts, sdk = wire.request, wire.contexts, wire.sdk
    return Event(
        event_id=_event_id(arrival.event_id, wire.event_id, payload),
        project_id=arrival.project_id,
        occurred_at=plausible(read_moment(wire.timestamp), arrival.received_at),
        received_at=arrival.received_at,
        platform=platform,
        level=_level(wire.level or found.get("level")),
        logger=_short(wire.logger),
        transaction=_short(wire.transaction or found.get("transaction")),
        server_name=_short(wire.server_name or found.get("server_name")),
        release=_short(wire.release or found.get("release") or found.get("sentry:release"), _RELEASE_MAX),
        dist=_short(wire.dist or found.get("dist") or found.get("sentry:dist"), 64),
        environment=_short(wire.environment or found.get("environment"), 64),
        exceptions=exceptions,
        stack=() if any(exception.frames for exception in exceptions) else _stack(wire, platform),
        message=message,
        message_template=template,
        request_method=_short(request.method, 16).upper() if request else "",
        request_url=_short(request.url, _URL_MAX) if request else "",
        status_code=_status(wire, found),
        user=_user(wire, arrival.sender_ip),
        tags=tags,
        fingerprint=_fingerprint(wire.fingerprint),
        sdk=_short(f"{sdk.name or ''}/{sdk.version or ''}".strip("/")) if sdk else "",
        trace_id=_short(contexts.trace.trace_id, 32).replace("-", "").lower() if contexts and contexts.trace else "",
        payload=payload,
        scrubbed=arrival.scrubbed,
    )


def _short(value: str | None, length_max: int = _TITLE_MAX) -> str:
    """Return a text that fits its column: no NUL (PostgreSQL refuses it), no longer than `length_max`."""
    if not value:
        return ""
    if "\x00" in value:
        value = value.replace("\x00", "")
    return value[:length_max]


def _platform(wire: WireEvent) -> str:
    name = _short(wire.platform, 32).lower()
    return _PLATFORMS.get(name, name) or "other"


def _event_id(given: str, sent: str | None, payload: bytes) -> str:
    """Return the header's id, else the payload's, else one that the same payload always gets."""
    for candidate in (given, sent):
        if candidate and _HEX_ID.fullmatch(plain := candidate.replace("-", "").strip().lower()):
            return plain
    return blake2b(payload, digest_size=16).hexdigest()


def _level(name: str | None) -> Level:
    return _LEVELS.get(name.strip().lower(), Level.ERROR) if name else Level.ERROR


def _exceptions(
    values: WireExceptions | list[WireException | None] | None, platform: str
) -> tuple[ExceptionValue, ...]:
    if values is None:
        return ()
    listed = values if isinstance(values, list) else values.values or []
    return tuple([_exception(value, platform) for value in listed[-_EXCEPTIONS_MAX:] if value is not None])


def _exception(wire: WireException, platform: str) -> ExceptionValue:
    frames = _frames(wire.stacktrace, platform)
    mechanism = wire.mechanism
    kind, module, value = _type_and_module(wire)
    if mechanism is None:
        return ExceptionValue(type=kind, value=value, module=module, frames=frames)
    number, parent = mechanism.exception_id, mechanism.parent_id
    return ExceptionValue(
        type=kind,
        value=value,
        module=module,
        frames=frames,
        handled=mechanism.handled,
        mechanism=_short(mechanism.type),
        errno=_errno(mechanism.meta) if mechanism.meta else None,
        exception_id=-1 if number is None else number,
        parent_id=-1 if parent is None else parent,
        source=_short(mechanism.source),
        is_group=bool(mechanism.is_exception_group),
    )


def _type_and_module(wire: WireException) -> tuple[str, str, str]:
    kind, module, value = _short(wire.type), _short(wire.module), _short(wire.value, _TEXT_MAX)
    if not kind and value and ":" in value:  # "TypeError: x is not a function", as old SDKs send it
        head, _, rest = value.partition(":")
        if head.isidentifier():
            return head, module, rest.strip()
    return kind, module, value


def _frames(stack: WireStack | None, platform: str) -> tuple[Frame, ...]:
    if stack is None or not stack.frames:
        return ()
    frames = stack.frames
    if len(frames) > _FRAMES_MAX:  # of an endless recursion, how it began and how it ended
        frames = (*frames[: _FRAMES_MAX // 2], *frames[-_FRAMES_MAX // 2 :])
    return with_ownership(frames, platform)


def _stack(wire: WireEvent, platform: str) -> tuple[Frame, ...]:
    """Return the event's own frames, else those of the crashed thread, the current one, or the only one."""
    if wire.stacktrace is not None and wire.stacktrace.frames:
        return _frames(wire.stacktrace, platform)
    threads: WireThreads | list[WireThread | None] | None = wire.threads
    listed = threads if isinstance(threads, list) else threads.values or [] if threads else []
    found = [thread for thread in listed if thread is not None and thread.stacktrace and thread.stacktrace.frames]
    for thread in sorted(found, key=lambda thread: (not thread.crashed, not thread.current)):
        if thread.crashed or thread.current or len(found) == 1:
            return _frames(thread.stacktrace, platform)
    return ()


def _message(wire: WireEvent) -> tuple[str, str]:
    """Return the formatted message and its template (empty when nothing was filled in)."""
    sent = wire.logentry or wire.message
    if isinstance(sent, str):
        return _short(sent, _TEXT_MAX), ""
    if sent is None:
        return "", ""
    formatted = sent.formatted or _filled(sent)
    if not formatted and isinstance(wire.message, str):
        formatted = wire.message
    template = sent.message if sent.message and (sent.params or sent.message != formatted) else ""
    return _short(formatted, _TEXT_MAX), _short(template, _TEXT_MAX)


def _filled(message: WireMessage) -> str:
    if not message.message or not message.params:
        return message.message or ""
    params: Any = message.params
    try:
        return str(message.message % (params if isinstance(params, dict) else tuple(params)))
    except (TypeError, ValueError, KeyError):
        return message.message


def _tags(
    sent: dict[str, Scalar] | list[tuple[Scalar, Scalar] | None] | None,
) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    """Return the tags that are stored, and all of them, for fields that some SDKs send as tags."""
    if not sent:
        return (), {}
    pairs: Iterable[tuple[Scalar, Scalar] | None] = sent.items() if isinstance(sent, dict) else sent
    found: dict[str, str] = {}
    for pair in pairs:
        if pair is None or pair[0] is None or pair[1] is None:
            continue
        key = _short(pair[0] if isinstance(pair[0], str) else text(pair[0]), _TAG_VALUE_MAX).strip()
        if key and len(found) < 4 * _TAGS_MAX:
            found[key] = _short(pair[1] if isinstance(pair[1], str) else text(pair[1]), _TAG_VALUE_MAX)
    kept = {key[:_TAG_KEY_MAX]: value for key, value in found.items() if key not in _NOT_TAGS and value}
    return tuple(sorted(kept.items())[:_TAGS_MAX]), found


def _status(wire: WireEvent, tags: dict[str, str]) -> int:
    response = wire.contexts.response if wire.contexts else None
    code = response.status_code if response else None
    if code is None and tags:
        code = next((integer(tags[name]) for name in _STATUS_TAGS if name in tags), None)
    return code if code is not None and code in _STATUS_CODES else 0


def _user(wire: WireEvent, sender_ip: str) -> User:
    user = wire.user
    settings = wire.sdk.settings if wire.sdk else None
    inferred = sender_ip if settings is not None and settings.infer_ip == "auto" else ""
    if user is None:
        return User(ip_address=inferred)
    address = sender_ip if user.ip_address == "{{auto}}" else user.ip_address or inferred
    return User(
        id=_short(text(user.id)),
        username=_short(user.username),
        email=_short(user.email),
        ip_address=_short(address, 64),
    )


def _fingerprint(parts: list[Scalar] | None) -> tuple[str, ...]:
    if not parts:
        return ()
    return tuple([_short(part) for part in map(text, parts[:_FINGERPRINT_MAX]) if part is not None])


def _errno(meta: dict[str, Any]) -> int | None:
    number = meta.get("errno")
    return integer(number.get("number") if isinstance(number, dict) else number)
