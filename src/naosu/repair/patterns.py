"""A text that fits a regular expression, for the plain ones that fields are constrained by."""

import re
import string

_CLASSES = {"d": "7", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_UNKNOWN = re.compile(r"\(\?[^:P]|\\[1-9bBAZ]")
_REPEATED = re.compile(r"\{(\d+)(?:,\d*)?\}[?+]?")
_ORDER = string.ascii_lowercase + string.ascii_uppercase + string.digits + "-_ .@:/"


def text_for(pattern: str) -> str | None:
    """Return a text that matches a pattern, the shortest kind. None: the pattern is beyond this."""
    if _UNKNOWN.search(pattern):
        return None
    try:
        text, _ = _alternatives(pattern, 0)
        return text if re.search(pattern, text) else None
    except (re.error, IndexError, ValueError, RecursionError):
        return None


def _alternatives(pattern: str, at: int) -> tuple[str, int]:
    """Return a text for what stands here up to the closing bracket or the end: for the first alternative."""
    text, at = _sequence(pattern, at)
    while at < len(pattern) and pattern[at] == "|":
        _, at = _sequence(pattern, at + 1)
    return text, at


def _sequence(pattern: str, at: int) -> tuple[str, int]:
    text = ""
    while at < len(pattern) and pattern[at] not in "|)":
        piece, at = _piece(pattern, at)
        count, at = _count(pattern, at)
        text += piece * count
    return text, at


def _piece(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at]
    if char in "^$":
        return "", at + 1
    if char == ".":
        return "a", at + 1
    if char == "\\":
        return _CLASSES.get(pattern[at + 1], pattern[at + 1]), at + 2
    if char == "[":
        return _one_of(pattern, at)
    if char == "(":
        start = re.compile(r"\((?:\?:|\?P<\w+>)?").match(pattern, at)
        inside, end = _alternatives(pattern, start.end() if start else at + 1)
        return inside, end + 1
    return char, at + 1


def _one_of(pattern: str, at: int) -> tuple[str, int]:
    end = pattern.index("]", at + 2)
    while pattern[end - 1] == "\\":
        end = pattern.index("]", end + 1)
    members = re.compile(pattern[at : end + 1])
    fitting = next((char for char in _ORDER if members.fullmatch(char)), None)
    if fitting is None:
        raise ValueError(f"{pattern[at : end + 1]} is beyond this")
    return fitting, end + 1


def _count(pattern: str, at: int) -> tuple[int, int]:
    if at < len(pattern) and pattern[at] in "*+?":
        least = int(pattern[at] != "?")
        lazy = at + 1 < len(pattern) and pattern[at + 1] in "?+"
        return least, at + 1 + lazy
    if found := _REPEATED.match(pattern, at):
        return min(int(found[1]), 1_000), found.end()
    return 1, at
