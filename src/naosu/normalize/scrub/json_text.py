"""Finding one's way in raw JSON text without decoding it: where a string, key or value begins and ends."""

import re

_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,\]}]+")
COLON = re.compile(rb"\s*:\s*")
_BLANK = b" \t\r\n"
QUOTE, BACKSLASH, COLON_BYTE, COMMA_BYTE, BRACKET_BYTE = b'"\\:,['
_WALK_MAX = 256


def string_start(payload: bytes, inside: int) -> int:
    """Return the index of the quote that opens the string around `inside`; -1 when there is none."""
    at = payload.rfind(b'"', 0, inside)
    while at > 0 and payload[at - 1] == BACKSLASH and _is_escaped(payload, at):
        at = payload.rfind(b'"', 0, at)
    return at


def string_end(payload: bytes, inside: int) -> int:
    """Return the index of the quote that closes the string around `inside` (the text's end when it is cut off)."""
    at = payload.find(b'"', inside)
    while at > 0 and payload[at - 1] == BACKSLASH and _is_escaped(payload, at):
        at = payload.find(b'"', at + 1)
    return len(payload) if at < 0 else at


def _is_escaped(payload: bytes, quote: int) -> bool:
    at = quote - 1
    while at >= 0 and payload[at] == BACKSLASH:
        at -= 1
    return (quote - at) % 2 == 0


def value_end(payload: bytes, start: int) -> int:
    """Return the index after the value that begins at `start`: string, number, object, array or word."""
    first = payload[start : start + 1]
    if first == b'"':
        return min(string_end(payload, start + 1) + 1, len(payload))
    if first not in (b"{", b"["):
        match = _SCALAR.match(payload, start)
        return match.end() if match else start
    depth = 0
    for match in _STRUCTURE.finditer(payload, start):
        char = payload[match.start()]
        if char in b"{[":
            depth += 1
        elif char in b"}]":
            depth -= 1
            if depth == 0:
                return match.end()
    return len(payload)


def after_colon(payload: bytes, at: int) -> int:
    """Return the index after a colon and the blanks around it; -1 when there is no colon at `at`."""
    colon = COLON.match(payload, at)
    return -1 if colon is None else colon.end()


def blank_before(payload: bytes, at: int) -> int:
    """Return the index of the nearest byte before `at` that is not blank; -1 when there is none."""
    at -= 1
    while at >= 0 and payload[at] in _BLANK:
        at -= 1
    return at


def key_of(payload: bytes, value_start: int) -> bytes:
    """Return the raw key under which the string that opens at `value_start` stands.

    The elements before it in an array must be strings; else, and at a bare value, the key is empty.
    """
    if payload.endswith(b'":', 0, value_start):
        return payload[string_start(payload, value_start - 2) + 1 : value_start - 2]
    in_array = False
    at = blank_before(payload, value_start)
    for _ in range(_WALK_MAX):
        if at < 0:
            break
        char = payload[at]
        if char == COLON_BYTE:  # a colon: the key is right before
            closing = blank_before(payload, at)
            return payload[string_start(payload, closing) + 1 : closing]
        if char == BRACKET_BYTE and not in_array:
            in_array = True
            at = blank_before(payload, at)
            continue
        if char != COMMA_BYTE or in_array:
            break
        closing = blank_before(payload, at)
        if payload[closing] != QUOTE:
            break
        at = blank_before(payload, string_start(payload, closing))
        if payload[at] == COLON_BYTE:
            break
    return b""
