"""A log as it was collected → the lines that the application wrote: without colours, margins of collectors, or JSON."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]")
_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_COLLECTORS = (
    re.compile(rf"{_TIME} (?:stdout|stderr) [FP] ?"),  # Kubernetes' container runtime
    re.compile(rf"{_TIME} app\[[\w.-]+\]: ?"),  # Heroku
    re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [^\s:\[]+(?:\[\d+\])?: ?"),  # journald, syslog
    re.compile(rf"{_TIME} \S+ [^\s:\[]+\[\d+\]: ?"),  # journald with -o short-iso
    re.compile(r"<\d+>\d \S+ \S+ \S+ \S+ \S+ (?:-|\[.*?\]) ?"),  # RFC 5424
    re.compile(r"[A-Za-z][\w.-]* *\|(?: |$)"),  # docker compose
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}Z ?"),  # docker logs --timestamps
)
LINE_CHARS_MAX = 20_000
_COLLECTED_SHARE_MIN = 0.8
"""A collector marks every line. What marks fewer is the application's own."""
_HEADER = "Traceback (most recent call last):"
_TEXTS = ("event", "message", "msg", "MESSAGE", "log", "text", "textPayload", "@message")
_TRACES = ("exc_info", "exception", "exc_text", "traceback", "stack_trace", "stacktrace", "stack", "error.stack_trace")
_LEVELS = ("level", "levelname", "severity", "log.level", "loglevel")
_METHODS = ("method", "http_method", "request_method", "verb")
_PATHS = ("path", "url", "request_path", "uri", "request_uri", "target")
_STATUSES = ("status", "status_code", "http_status", "response_status")


def plain_lines(text: str) -> tuple[str, ...]:
    """Return what the application wrote, line by line, whoever collected it."""
    lines = _ANSI.sub("", text.replace("\r\n", "\n")).replace("\r", "\n").split("\n")
    lines = [line for one in _without_collectors(lines) for line in _of_json(one)]
    return tuple(_ANSI.sub("", line[:LINE_CHARS_MAX]).rstrip() for line in _unboxed(_without_margins(lines)))


def _without_collectors(lines: Sequence[str]) -> Sequence[str]:
    """Take off what collectors put before each line; one may stand before the other's."""
    for _ in range(2):
        filled = [line for line in lines if line.strip()]
        found = next((mark for mark in _COLLECTORS if _marks(mark, filled)), None)
        if found is None:
            break
        lines = [found.sub("", line, count=1) if found.match(line) else line for line in lines]
    return lines


def _marks(mark: re.Pattern[str], filled: Sequence[str]) -> bool:
    marked = sum(1 for line in filled if mark.match(line))
    return marked > 1 and marked >= len(filled) * _COLLECTED_SHARE_MIN


def _of_json(line: str) -> Iterator[str]:
    """Yield a line as it is; one that is a JSON object as the lines that a plain log would have had."""
    record = _record(line)
    if record is None:
        yield line
        return
    said = next((record[key] for key in _TEXTS if isinstance(record.get(key), str)), "")
    level = next((str(record[key]).upper() for key in _LEVELS if isinstance(record.get(key), str)), "")
    access = _access(record)
    if level and not said.startswith(_HEADER):
        said = f"{level}: {said}".rstrip()
    yield from said.rstrip("\n").split("\n")
    if access and access not in said:
        yield f"INFO: {access}"
    for key in _TRACES:
        trace = record.get(key)
        if isinstance(trace, str) and "\n" in trace and trace.strip() not in said:
            yield from _ANSI.sub("", trace.strip("\n")).split("\n")
        elif isinstance(trace, list):
            yield from _of_structure(trace)


def _record(line: str) -> Mapping[str, Any] | None:
    bare = line.strip()
    if not (bare.startswith("{") and bare.endswith("}")):
        return None
    try:
        record = msgspec.json.decode(bare)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    for key in ("jsonPayload", "record"):
        inner = record.get(key)
        if isinstance(inner, dict) and not isinstance(record.get("text"), str):
            return inner
    return record if any(key in record for key in (*_TEXTS, *_TRACES, *_METHODS)) else None


def _access(record: Mapping[str, Any]) -> str:
    """Return the fields of an answered request as a line of an access log. Empty: it is none."""
    method, path, status = (
        next((record[key] for key in keys if isinstance(record.get(key), str | int)), None)
        for keys in (_METHODS, _PATHS, _STATUSES)
    )
    if not (isinstance(method, str) and method.isupper() and isinstance(path, str) and str(status).isdigit()):
        return ""
    return f'"{method} {path} HTTP/1.1" {status}'


def _of_structure(stacks: Sequence[Any]) -> Iterator[str]:
    """Yield structlog's `dict_tracebacks`, what surfaced first, as Python prints it."""
    for count, stack in enumerate(reversed([one for one in stacks if isinstance(one, dict)])):
        if count:
            yield from ("", "During handling of the above exception, another exception occurred:", "")
        yield _HEADER
        frames = stack.get("frames")
        for frame in frames if isinstance(frames, list) else ():
            if isinstance(frame, dict):
                yield f'  File "{frame.get("filename")}", line {frame.get("lineno") or 0}, in {frame.get("name")}'
                if frame.get("line"):
                    yield f"    {frame['line']}"
        yield f"{stack.get('exc_type')}: {stack.get('exc_value')}"


def _without_margins(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines; those of a traceback that each begin with what a log format put there, without it."""
    margin = ""
    for line in lines:
        before, header, _ = line.partition(_HEADER)
        if header and before.replace("Exception Group", "").strip(" |+"):
            margin = _shape(before)
            yield before.rstrip()
        if margin and _shape(line[: len(margin)]) == margin:
            yield line[len(margin) :]
        else:
            margin = ""
            yield line


def _shape(text: str) -> str:
    return re.sub(r"\d", "0", text)


_BOX_TOP = re.compile(r"╭─+ Traceback \(most recent call last\) ─+╮")
_BOX_PLACE = re.compile(r"│ (?P<path>\S.*?):(?P<line>\d+) in (?P<function>\S+) +│$")
_BOX_CODE = re.compile(r"│ ❱ +\d+ [│ ]\s*(?P<code>.*?)\s*│$")


def _unboxed(lines: Iterator[str]) -> Iterator[str]:
    """Yield lines; a traceback that rich drew in a box as Python prints it."""
    inside = False
    for line in lines:
        if _BOX_TOP.search(line):
            inside = True
            yield _HEADER
        elif inside and line.lstrip().startswith("╰"):
            inside = False
        elif not inside:
            yield line
        elif place := _BOX_PLACE.search(line):
            yield '  File "{path}", line {line}, in {function}'.format(**place.groupdict())
        elif code := _BOX_CODE.search(line):
            yield f"    {code['code']}"
