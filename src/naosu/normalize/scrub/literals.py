"""Settings written inside a string of source code: ``connect("host=db password=hunter2")``.

Outside of strings an equals sign assigns what some other place knows; inside of one, what follows is the value itself.
"""

import re

from naosu.normalize.scrub.spans import STOP_WORDS, is_nothing, names_only

_LINE_CHARS_MAX = 2_000
_MARK = re.compile(r"\\\\.|[\"'`\n]")
_VALUE = re.compile(r"[^\s&;,'\"`<>()\[\]{}|\\\\]+")
_FORMAT = re.compile(r"%[-#+0-9.]*[a-zA-Z]|[$#]\{|\$[A-Z_][A-Z0-9_]*(?!\w)")
_CODE_AFTER = re.compile(r"[\"'`]+\s*(?:[-+%,)\]}:;.*|&?]|(?:in|if|and|or|not|is|else|for)\b|$)", re.MULTILINE)


def literal_around(text: str, at: int) -> str:
    """The quote that opened the string in which `at` stands and that closes it on the same line; empty: in none."""
    # why: a minified line has many names, and each would read it from its beginning
    if at > _LINE_CHARS_MAX:
        return ""
    opened = ""
    for found in _MARK.finditer(text, 0, at):
        mark = found[0]
        if mark == "\n":
            opened = ""
        elif not opened and len(mark) == 1:
            opened = mark
        elif mark == opened:
            opened = ""
    line_end = text.find("\n", at)
    return opened if opened and text.find(opened, at, len(text) if line_end < 0 else line_end) >= 0 else ""


def closes_literal(text: str, at: int, delimiter: str) -> bool:
    """Whether the quote at `at` ends the string, so that code follows and not a value: ``"token=" + token``."""
    return text.startswith(delimiter, at) and _CODE_AFTER.match(text, at) is not None


def literal_span(text: str, at: int) -> tuple[int, int] | None:
    """Where the bare value lies that begins at `at`. None: a placeholder, a word of prose, or another's name."""
    value = _VALUE.match(text, at)
    if value is None or is_nothing(value[0]) or _FORMAT.match(text, at):
        return None
    word = value[0].rstrip(".,:;!?")
    if word.lower() in STOP_WORDS or names_only(word.rpartition(".")[2].lstrip("$")):
        return None
    return value.start(), value.end()
