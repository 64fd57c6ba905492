"""Lines around the crash line, read from the payload only where the line alone is half a statement."""

import re

import msgspec

from naosu.domain.event import Event, ExceptionValue, Frame

LINES_MAX = 8


class _Frame(msgspec.Struct):
    context_line: str | None = None
    pre_context: list[str | None] | None = None
    post_context: list[str | None] | None = None
    lineno: int | None = None
    function: str | None = None


class _Stack(msgspec.Struct):
    frames: list[_Frame | None] | None = None


class _Exception(msgspec.Struct):
    stacktrace: _Stack | None = None
    type: str | None = None


class _Exceptions(msgspec.Struct):
    values: list[_Exception | None] | None = None


class _Payload(msgspec.Struct):
    exception: _Exceptions | list[_Exception | None] | None = None


_DECODER = msgspec.json.Decoder(_Payload)
_VARIABLE = re.compile(r"(?:raise|throw)\s+(?:new\s+)?[\w.:\\]{1,80}\(\s*\$?([A-Za-z_]\w{0,60})\s*\)")
_OPEN = re.compile(r"\(\s*$|,\s*$|\\\s*$|\+\s*$|%\s*$|\.\s*$|\(\s*[rf]?[\"'][^\"']*[\"']\s*$")


def full_statement(event: Event, exception: ExceptionValue, frame: Frame) -> str:
    """The crash line with what it is continued by, or with the line above that made its message."""
    line = frame.context_line
    variable = _VARIABLE.search(line)
    if variable is None and not _OPEN.search(line):
        return line
    found = _frame_of(event, exception, frame)
    if found is None:
        return line
    if variable is not None:
        made = _assignment(found.pre_context or [], variable.group(1))
        return f"{line} {made}" if made else line
    return _continue(line, found.post_context or [])


def _frame_of(event: Event, exception: ExceptionValue, frame: Frame) -> _Frame | None:
    if not event.payload:
        return None
    try:
        payload = _DECODER.decode(event.payload)
    except msgspec.MsgspecError:
        return None
    values = payload.exception.values if isinstance(payload.exception, _Exceptions) else payload.exception
    for value in values or []:
        if value is None or value.stacktrace is None or (value.type or "") != exception.type:
            continue
        for candidate in reversed(value.stacktrace.frames or []):
            if (
                candidate is not None
                and candidate.lineno == frame.lineno
                and candidate.context_line == frame.context_line
            ):
                return candidate
    return None


def _continue(line: str, after: list[str | None]) -> str:
    statement = line
    depth = line.count("(") - line.count(")")
    for more in after[:LINES_MAX]:
        text = (more or "").strip()
        statement += f" {text}"
        depth += text.count("(") - text.count(")")
        if depth <= 0:
            break
    return statement


def _assignment(before: list[str | None], variable: str) -> str:
    """The last line above that gave the variable a literal text."""
    start = re.compile(rf"^\s*(?:(?:const|let|var|String|final)\s+)*\$?{re.escape(variable)}\s*:?=\s*(.*[\"'`].*)$")
    for line in reversed(before[-LINES_MAX:]):
        found = start.match((line or "")[:400])
        if found:
            return found.group(1)
    return ""
