"""The fields of a stored event that have no column: read back from its payload, whatever is in it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from naosu.domain.event import User

_decode = msgspec.json.Decoder().decode


class PayloadFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Fields as in `Event`."""

    logger: str = ""
    server_name: str = ""
    dist: str = ""
    message: str = ""
    message_template: str = ""
    request_method: str = ""
    request_url: str = ""
    status_code: int = 0
    user: User = User()
    tags: tuple[tuple[str, str], ...] = ()
    fingerprint: tuple[str, ...] = ()
    sdk: str = ""
    trace_id: str = ""


def read_facts(payload: bytes) -> PayloadFacts:
    """Return what the payload says; empty values for what it does not, or says in an unknown shape."""
    try:
        event = _decode(payload) if payload else {}
    except msgspec.MsgspecError:
        event = {}
    if not isinstance(event, dict):
        return PayloadFacts()
    message, template = _message(event)
    request, user, contexts, sdk = (_object(event.get(name)) for name in ("request", "user", "contexts", "sdk"))
    return PayloadFacts(
        logger=_text(event.get("logger")),
        server_name=_text(event.get("server_name")),
        dist=_text(event.get("dist")),
        message=message,
        message_template=template,
        request_method=_text(request.get("method")),
        request_url=_text(request.get("url")),
        status_code=_number(_object(contexts.get("response")).get("status_code")),
        user=User(**{name: _text(user.get(name)) for name in User.__struct_fields__}),
        tags=_tags(event.get("tags")),
        fingerprint=tuple(map(_text, _list(event.get("fingerprint")))),
        sdk=" ".join(filter(None, (_text(sdk.get("name")), _text(sdk.get("version"))))),
        trace_id=_text(_object(contexts.get("trace")).get("trace_id")),
    )


def _message(event: Mapping[str, Any]) -> tuple[str, str]:
    logentry = event.get("logentry") or event.get("sentry.interfaces.Message") or event.get("message")
    if isinstance(logentry, dict):
        template = _text(logentry.get("message"))
        return _text(logentry.get("formatted")) or template, template
    return _text(logentry), ""


def _tags(tags: object) -> tuple[tuple[str, str], ...]:
    pairs = tags.items() if isinstance(tags, dict) else (pair for pair in _list(tags) if _is_pair(pair))
    return tuple(sorted((_text(key), _text(value)) for key, value in pairs))


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == len(("key", "value"))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
