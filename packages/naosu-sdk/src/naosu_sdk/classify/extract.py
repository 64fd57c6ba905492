"""Facts that stand in a message's text: errno, SQLSTATE, vendor codes, gRPC status, the driver's own exception."""

import re

import msgspec

from naosu_sdk.classify.fault import ExceptionFact
from naosu_sdk.classify.text import TEXT_CHARS_MAX

_GRPC = (
    "CANCELLED|UNKNOWN|INVALID_ARGUMENT|DEADLINE_EXCEEDED|NOT_FOUND|ALREADY_EXISTS|PERMISSION_DENIED|RESOURCE_EXHAUSTED|"
    "FAILED_PRECONDITION|ABORTED|OUT_OF_RANGE|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS|UNAUTHENTICATED"
)
_WRAPPED = re.compile(r"\s*\(((?:\w{1,60}\.){1,6})(\w{1,80})\) ?")
_ERRNO = re.compile(r"\[Errno (-?\d{1,6})\]|\[WinError (\d{1,6})\]|\(os error (\d{1,4})\)")
_ERRNO_NAME = re.compile(r"E(?:AI_)?[A-Z0-9]{3,15}\b")  # a leading \b would cost the search for the letter its speed
_SQLSTATE = re.compile(
    r"SQLSTATE[ =:]{0,2}\[?\(?([0-9A-Z]{5})\b|\(SQLSTATE ([0-9A-Z]{5})\)|^ERROR: (?:[^:]{0,80}: )?([0-9A-Z]{5}):"
)
_VENDOR = re.compile(
    r"\b(ORA-\d{5})\b|^\(?\(?([1-4]\d{3}), [\"']|\bSQLSTATE\[\w{5}\](?:: [^:]{1,60}:|) ?\[?([1-4]\d{3})\b|"
    r"\bError (\d{4})(?: \(\w{5}\))?: |^An error occurred \(([\w.]{1,60})\) when calling"
)
_GRPC_STATUS = re.compile(rf"\b(?:StatusCode\.|status ?= ?|code ?= ?|rpc error: code = |^\d{{1,2}} )({_GRPC})\b")
_GRPC_GO = re.compile(r"rpc error: code = (\w{2,20}) desc")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
NOT_ERRNO = frozenset({"ERROR", "EVENT", "EXISTS", "EMAIL", "EMPTY", "EXCEPTION", "EXPIRED", "EUR", "ENABLED", "ENDED"})


def extract_facts(fact: ExceptionFact) -> ExceptionFact:
    """Fill in what the message says and the sender left out. What the sender said stays."""
    text = fact.message
    if not text:
        return fact
    if len(text) > TEXT_CHARS_MAX:
        text = text[:TEXT_CHARS_MAX]
    changes: dict[str, str | int] = {}
    # Each pattern is tried only where a piece of text that it needs occurs: most messages hold no code at all.
    if "rr" in text and ("[" in text or "(os" in text) and fact.errno is None and (found := _ERRNO.search(text)):
        changes["errno"] = int(next(filter(None, found.groups())))
    if "E" in text and not fact.errno_name and (name := _errno_name(text)):
        changes["errno_name"] = name
    if ("SQLSTATE" in text or text.startswith("ERROR")) and not fact.sqlstate and (found := _SQLSTATE.search(text)):
        changes["sqlstate"] = next(filter(None, found.groups()))
    if _may_hold_code(text) and not fact.code and (found := _VENDOR.search(text)):
        changes["code"] = next(filter(None, found.groups()))
    if ("tatus" in text or "code" in text or text[0].isdigit()) and not fact.grpc and (name := _grpc(text)):
        changes["grpc"] = name
    return msgspec.structs.replace(fact, **changes) if changes else fact


def _may_hold_code(text: str) -> bool:
    return (
        text[0] in "(1234"
        or "Error " in text
        or "ORA-" in text
        or "SQLSTATE" in text
        or text.startswith("An error occurred")
    )


def _errno_name(text: str) -> str:
    for found in _ERRNO_NAME.finditer(text):
        start, name = found.start(), found[0]
        is_word_start = not start or not (text[start - 1].isalnum() or text[start - 1] == "_")
        if is_word_start and name not in NOT_ERRNO:
            return name
    return ""


def _grpc(text: str) -> str:
    if "rpc error" in text and (found := _GRPC_GO.search(text)):
        return _CAMEL.sub("_", found[1]).upper()
    found = _GRPC_STATUS.search(text)
    return found[1] if found else ""


def wrapped_driver_exception(message: str) -> ExceptionFact | None:
    """Find the driver's exception that SQLAlchemy quotes as ``(sqlite3.OperationalError) no such table …``."""
    if not message.startswith("("):
        return None
    found = _WRAPPED.match(message)
    if found is None:
        return None
    rest = message[found.end() : found.end() + TEXT_CHARS_MAX].split("\n[SQL:", 1)[0]
    return ExceptionFact(type=found[2], module=found[1].rstrip("."), message=rest)
