"""The slow way in: whatever a sender made of the protocol is read, losing no more than it must."""

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from naosu.domain.event import Frame
from naosu.normalize.wire import (
    Scalar,
    WireContexts,
    WireEvent,
    WireException,
    WireExceptions,
    WireMechanism,
    WireMessage,
    WireRequest,
    WireResponse,
    WireSdk,
    WireSdkSettings,
    WireStack,
    WireThread,
    WireThreads,
    WireTrace,
    WireUser,
)

_T = TypeVar("_T")
_INT_MAX = 2**63 - 1


def decode_anything(payload: bytes) -> Any:
    """Decode JSON as generously as it can be read: bad UTF-8, NaN, control characters, lone surrogates.

    Raises:
        ValueError: It is no JSON at all. Not retryable.
        RecursionError: It is nested beyond reason. Not retryable.
    """
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = payload.decode("utf-8", "replace").lstrip("\ufeff")
        return _without_surrogates(json.loads(text, parse_constant=lambda _: None, strict=False))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


def text(value: Any) -> str | None:
    """Return a value as text: scalars as they print, anything else as JSON, null as null."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value) if isinstance(value, float) else str(value)
    try:
        return msgspec.json.encode(value).decode()
    except (msgspec.MsgspecError, OverflowError, RecursionError, TypeError):
        return None


def integer(value: Any) -> int | None:
    """Return a value as a number where it is one: ``42``, ``42.0``, ``"42"``."""
    if isinstance(value, bool):
        return None
    try:
        number = int(float(value)) if isinstance(value, float | str) else value
    except (ValueError, OverflowError):
        return None
    return number if isinstance(number, int) and abs(number) <= _INT_MAX else None


def truth(value: Any) -> bool | None:
    """Return a value as true or false where it says so in any usual way."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(value.lower())
    return bool(value) if isinstance(value, int) else None


def members(value: Any) -> dict[str, Any]:
    """Return an object's members; of anything else, none."""
    return value if isinstance(value, dict) else {}


def values(value: Any) -> list[Any]:
    """Return the items of ``[…]``, ``{"values": […]}``, ``{"0": …}`` or of a lone object."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return []
    inner = value.get("values")
    if isinstance(inner, list):
        return inner
    if isinstance(inner, dict):
        return list(inner.values())
    if value and all(isinstance(key, str) and key.isdigit() for key in value):
        return list(value.values())
    return [value] if inner is None and ("type" in value or "stacktrace" in value) else []


def _each(items: Iterable[Any], make: Callable[[dict[str, Any]], _T]) -> list[_T | None]:
    return [make(item) for item in items if isinstance(item, dict)]


def _frame(raw: dict[str, Any]) -> Frame:
    return Frame(
        module=text(raw.get("module")) or "",
        function=text(raw.get("function")) or "",
        filename=text(raw.get("filename")) or "",
        abs_path=text(raw.get("abs_path")) or "",
        lineno=max(integer(raw.get("lineno")) or 0, 0),
        in_app=truth(raw.get("in_app")),
        context_line=text(raw.get("context_line")) or "",
        package=text(raw.get("package")) or "",
    )


def _stack(value: Any) -> WireStack | None:
    frames = value if isinstance(value, list) else values(members(value).get("frames"))
    return WireStack(tuple(_frame(frame) for frame in frames if isinstance(frame, dict))) if frames else None


def _mechanism(value: Any) -> WireMechanism | None:
    if isinstance(value, str):
        return WireMechanism(type=value)
    raw = members(value)
    return WireMechanism(
        type=text(raw.get("type")),
        handled=truth(raw.get("handled")),
        meta=members(raw.get("meta")),
        exception_id=integer(raw.get("exception_id")),
        parent_id=integer(raw.get("parent_id")),
        source=text(raw.get("source")),
        is_exception_group=truth(raw.get("is_exception_group")),
    )


def _exception(raw: dict[str, Any]) -> WireException:
    return WireException(
        type=text(raw.get("type")),
        value=text(raw.get("value")),
        module=text(raw.get("module")),
        stacktrace=_stack(raw.get("stacktrace") or raw.get("raw_stacktrace")),
        mechanism=_mechanism(raw.get("mechanism")),
    )


def _thread(raw: dict[str, Any]) -> WireThread:
    return WireThread(
        crashed=truth(raw.get("crashed")), current=truth(raw.get("current")), stacktrace=_stack(raw.get("stacktrace"))
    )


def _message(value: Any) -> WireMessage | None:
    if isinstance(value, dict):
        params = value.get("params")
        return WireMessage(
            formatted=text(value.get("formatted")),
            message=text(value.get("message")),
            params=params if isinstance(params, list | dict) else None,
        )
    return None if value is None else WireMessage(formatted=text(value))


def _user(value: Any) -> WireUser | None:
    if isinstance(value, str | int):
        return WireUser(id=text(value))
    raw = members(value)
    return WireUser(
        id=text(raw.get("id")),
        username=text(raw.get("username")),
        email=text(raw.get("email")),
        ip_address=text(raw.get("ip_address")),
    )


def _tags(value: Any) -> dict[str, Scalar]:
    """Read tags from an object, pairs, or objects of key and value."""
    if isinstance(value, dict):
        return {key: text(item) for key, item in value.items()}
    tags: dict[str, Scalar] = {}
    for item in value if isinstance(value, list) else ():
        if isinstance(item, list | tuple) and len(item) == len(("key", "value")):
            tags[text(item[0]) or ""] = text(item[1])
        elif isinstance(item, dict) and "key" in item:
            tags[text(item["key"]) or ""] = text(item.get("value"))
        elif isinstance(item, str):
            tags[item] = "true"
    return tags


def _request(value: Any) -> WireRequest:
    raw = members(value)
    return WireRequest(method=text(raw.get("method")), url=text(raw.get("url")))


def _contexts(value: Any) -> WireContexts:
    raw = members(value)
    trace, response = members(raw.get("trace")), members(raw.get("response"))
    return WireContexts(
        trace=WireTrace(text(trace.get("trace_id"))), response=WireResponse(integer(response.get("status_code")))
    )


def _sdk(value: Any) -> WireSdk:
    raw = members(value)
    settings = WireSdkSettings(text(members(raw.get("settings")).get("infer_ip")))
    return WireSdk(text(raw.get("name")), text(raw.get("version")), settings)


def lenient_event(raw: dict[str, Any]) -> WireEvent:
    """Read any object as an event; the legacy protocol's names (``sentry.interfaces.Exception``) count, too."""

    def legacy(name: str, interface: str) -> Any:
        found = raw.get(name)
        return raw.get(f"sentry.interfaces.{interface}") if found is None else found

    fingerprint = raw.get("fingerprint")
    timestamp = raw.get("timestamp")
    return WireEvent(
        event_id=text(raw.get("event_id")),
        timestamp=timestamp if isinstance(timestamp, str | int | float) else None,
        platform=text(raw.get("platform")),
        level=text(raw.get("level")),
        logger=text(raw.get("logger")),
        transaction=text(raw.get("transaction")) or text(raw.get("culprit")),
        server_name=text(raw.get("server_name")),
        release=text(raw.get("release")),
        dist=text(raw.get("dist")),
        environment=text(raw.get("environment")),
        exception=WireExceptions(_each(values(legacy("exception", "Exception")), _exception)),
        threads=WireThreads(_each(values(raw.get("threads")), _thread)),
        stacktrace=_stack(legacy("stacktrace", "Stacktrace")),
        message=_message(raw.get("message")),
        logentry=_message(legacy("logentry", "Message")),
        request=_request(legacy("request", "Http")),
        contexts=_contexts(raw.get("contexts")),
        user=_user(legacy("user", "User")),
        tags=_tags(raw.get("tags")),
        fingerprint=list(fingerprint)
        if isinstance(fingerprint, list)
        else []
        if fingerprint is None
        else [text(fingerprint)],
        sdk=_sdk(raw.get("sdk")),
    )
