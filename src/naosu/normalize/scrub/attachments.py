"""Attachments that can be read as text: logs, dumps of settings, answers of servers."""

import csv
from collections.abc import Callable

import msgspec

from naosu.normalize.scrub.shapes import FILTERED
from naosu.normalize.scrub.spans import is_nothing

TEXT_BYTES_MAX = 1 << 20
_TABLE_TYPES = {"text/csv": ",", "application/csv": ",", "text/tab-separated-values": "\t"}
_TABLE_NAMES = {".csv": ",", ".tsv": "\t"}


def text_of(body: bytes) -> str | None:
    """The body as text; None when it is none, or too long to be looked at.

    What was declared does not count: a text sent as an image would hide in it, and an image is no UTF-8.
    """
    if len(body) > TEXT_BYTES_MAX or b"\x00" in body:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def is_json(body: bytes) -> bool:
    """Whether the body is one JSON value with members, and not lines of them."""
    if body.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def delimiter_of(content_type: str, filename: str) -> str:
    """What separates the fields of a table; empty: it is none."""
    declared = _TABLE_TYPES.get(content_type.partition(";")[0].strip().lower(), "")
    return declared or _TABLE_NAMES.get(filename[-4:].lower(), "")


def hide_columns(text: str, delimiter: str, rule_of: Callable[[str], str | None]) -> tuple[str, list[str]]:
    """Filter the columns whose heading names a secret.

    Returns:
        The text, the same when nothing was to be done, and the rules that struck.
    """
    lines = text.split("\n")
    columns = {
        number: rule for number, name in enumerate(_fields(lines[0], delimiter)) if (rule := rule_of(name.strip()))
    }
    if not columns:
        return text, []
    rules: dict[str, None] = {}
    for at, line in enumerate(lines[1:], 1):
        fields = _fields(line, delimiter)
        secret = {number for number in columns if number < len(fields) and not is_nothing(fields[number])}
        if secret:
            rules |= dict.fromkeys(columns[number] for number in secret)
            kept = [FILTERED if number in secret else _quoted(field, delimiter) for number, field in enumerate(fields)]
            lines[at] = delimiter.join(kept) + "\r" * line.endswith("\r")
    return "\n".join(lines), list(rules)


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r")], delimiter=delimiter), [])
    except csv.Error:
        return []


def _quoted(field: str, delimiter: str) -> str:
    if delimiter not in field and '"' not in field:
        return field
    return '"' + field.replace('"', '""') + '"'
