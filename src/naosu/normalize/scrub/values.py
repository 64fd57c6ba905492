"""Where the value of a name stands in JSON, and whether it gives anything away."""

import re

from naosu.normalize.scrub.json_text import BRACKET_BYTE, COMMA_BYTE, blank_before, key_of, string_start, value_end
from naosu.normalize.scrub.spans import is_complaint, is_nothing

_COMMA = re.compile(rb"\s*,\s*")
_CLOSE = re.compile(rb"\s*\]")
_VALUE_MEMBER = re.compile(rb'\s*,\s*"(?:value|val|v|data|content|string_value|stringValue)"\s*:\s*', re.IGNORECASE)
_VALUE_KEY = re.compile(rb'"(?:value|val|v|data|content|string_value|stringValue)"\s*:\s*', re.IGNORECASE)
_VALUE_BEFORE_MAX, _VALUE_TRIES_MAX = 4096, 16
_BEFORE_VALUE = frozenset(b": \t\r\n")
NAME_KEYS = frozenset((b"key", b"name", b"header", b"field", b"parameter", b"k"))
_WORD_VALUES = frozenset((b"null", b"true", b"false", b"{}", b"[]", b'""'))
_NUMERIC = re.compile(rb'"?-?\d+(?:\.\d+)?"?')
CARD_DIGITS_MAX = 19
_COMPLAINTS_MAX = 1000
_DIGIT_BYTES = b"0123456789"
_APOSTROPHE = ord("'")
_HARMLESS_STARTS = frozenset(b" <[*{?$%:@#'\"\\nNtTfFuUxXrRmMeEi-.\xe2")
_AFTER_NUMBER = re.compile(rb"\s*(?:[,\]}]|$)")
_DIGITS = re.compile(rb"\d{1,40}")


def is_harmless_value(payload: bytes, start: int, end: int) -> bool:
    """Say whether the JSON value at ``[start, end)`` gives nothing away, so that it may stay for debugging."""
    raw = payload[start:end]
    first = raw[:1]
    if raw in _WORD_VALUES or start == end:
        return True
    if first == b'"':
        return is_harmless_string(raw)
    if first == b"[" and len(raw) <= _COMPLAINTS_MAX and is_complaint(raw.decode("utf-8", "replace")):
        return True
    return first in b"{[" and not raw[1:-1].strip()


def is_harmless_string(raw: bytes) -> bool:
    """Say whether a JSON string, with its quotes, gives nothing away."""
    first = raw[1]
    if first not in _HARMLESS_STARTS:
        return raw == b'""'
    if first == _APOSTROPHE and raw[2] not in _HARMLESS_STARTS:
        return False
    return raw == b'""' or is_nothing(raw[1:-1].decode("utf-8", "replace"))


def pair_value(payload: bytes, opening: int, closing: int) -> tuple[int, int] | None:
    """Return where ``…`` lies in ``[["Cookie","…"],…]`` or ``["--password","…"]`` for the string that is the name."""
    comma = _COMMA.match(payload, closing + 1)
    if comma is None:
        return None
    start = comma.end()
    if payload.startswith(b'"--', opening):
        return start, value_end(payload, start)
    before = blank_before(payload, opening)
    if before < 0 or payload[before] != BRACKET_BYTE:
        return None
    outside = blank_before(payload, before)
    is_repr = payload[closing - 1] == _APOSTROPHE and payload[opening + 1] in b"'bu"
    if outside >= 0 and payload[outside] not in b"[," and not is_repr:
        return None
    end = value_end(payload, start)
    return (start, end) if _CLOSE.match(payload, end) else None


def members_value(payload: bytes, opening: int, closing: int) -> tuple[int, int] | None:
    """Return where ``…`` lies in ``{"key":"Cookie","value":"…"}``, in either order, for the string that is the name."""
    if payload[opening - 1] not in _BEFORE_VALUE:
        return None
    if (key_of(payload, opening) if payload[opening - 1] != BRACKET_BYTE else b"").lower() not in NAME_KEYS:
        return None
    after = _VALUE_MEMBER.match(payload, closing + 1)
    if after is not None:
        return after.end(), value_end(payload, after.end())
    return _value_before(payload, opening)


def _value_before(payload: bytes, opening: int) -> tuple[int, int] | None:
    """Return where ``…`` lies in ``{"value":"…","key":"Cookie"}`` for the name that opens there."""
    key_start = string_start(payload, blank_before(payload, blank_before(payload, opening)))
    at = blank_before(payload, key_start)
    if at < 0 or payload[at] != COMMA_BYTE:
        return None
    least = max(0, at - _VALUE_BEFORE_MAX)
    window = payload[least : at + 1]  # so that no search goes beyond, however deep the nesting
    quote = len(window)
    for _ in range(_VALUE_TRIES_MAX):
        quote = window.rfind(b'"', 0, quote)
        if quote < 0:
            break
        member = _VALUE_KEY.match(window, quote)
        if member is None:
            continue
        end = value_end(window, member.end())
        if blank_before(window, len(window) - 1) == end - 1:
            return least + member.end(), least + end
    return None


def digits_around(payload: bytes, start: int) -> tuple[int, int]:
    """Return where the run of digits around `start` lies; of a run too long for a card, only a part."""
    begin = start
    least = max(0, start - CARD_DIGITS_MAX - 1)
    while begin > least and payload[begin - 1] in _DIGIT_BYTES:
        begin -= 1
    run = _DIGITS.match(payload, begin)
    return begin, run.end() if run else start


def looks_like_number(payload: bytes, begin: int, end: int) -> bool:
    """Say whether the run of digits at ``[begin, end)`` may be a JSON number, by what stands around it."""
    before = blank_before(payload, begin)
    if before >= 0 and payload[before] not in b":,[":
        return False
    return _AFTER_NUMBER.match(payload, end) is not None


def is_amount(raw_key: bytes, raw_value: bytes) -> bool:
    """Say whether ``max_tokens: 4096`` or the like: a number of tokens, and no token."""
    return raw_key.lower().endswith(b"tokens") and _NUMERIC.fullmatch(raw_value) is not None
