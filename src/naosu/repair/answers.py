"""Whether an answer is what it was before, but for what varies by itself: learnt from two answers before the repair."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from naosu.domain.observation import Exchange

_VOLATILE_HEADERS = frozenset({"date", "server", "etag", "last-modified", "age", "expires", "x-process-time", "via"})
_CONNECTION = frozenset({"connection", "keep-alive"})
_KINDS = (
    re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z| ?[+-]\d\d:?\d\d)?)?"),
    re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"),
    re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"\$2[aby]\$\d\d\$[./\w]{53}|\$argon2\w+\$\S+|pbkdf2_\w+\$\S+|scrypt:\S+"),
    re.compile(r"(?=[\w+/=.-]*\d)(?=[\w+/=.-]*[A-Za-z])[\w+/=.-]{20,}"),
    re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
)
"""Times, ids, tokens and password hashes: two of a kind may stand for each other."""
_IN_TEXT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*|0x[0-9a-f]+|\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}"
)
_EPOCH_S = 1_000_000_000
_SAME_TIMES_SHARE = 0.01
_STREAMS_S = 0.25
"""An answer of which more than this lies between its first byte and its end is streamed."""
_CHANGES_MAX = 5


def status_change(before: Exchange, after: Exchange) -> str:
    """Say how the status changed. Empty: it did not."""
    return "" if before.status == after.status else f"it answered {before.status}, now {_answer(after)}"


def body_changes(first: Exchange, second: Exchange, after: Exchange) -> tuple[str, ...]:
    """Say what is different in a body, at most a few things; what differed between the first two does not count."""
    values = [_json(exchange) for exchange in (first, second, after)]
    if all(value is not _NO_JSON for value in values):
        return tuple(_take(_value_changes("body", *values)))
    if after.body in (first.body, second.body):
        return ()
    masked = [_IN_TEXT.sub("#", exchange.body.decode(errors="replace")) for exchange in (first, second, after)]
    if masked[2] in masked[:2]:
        return ()
    if masked[0] != masked[1]:
        return () if after.body else ("the body is empty now",)
    return (f"the body had {len(first.body)} bytes, now others: {len(after.body)}",)


def header_changes(first: Exchange, second: Exchange, after: Exchange, *, may_change: bool) -> tuple[str, ...]:
    """Say what is different in the headers: names with their counts, and values that did not vary before.

    Where they may change by the plan's intention, what is lost still counts: a cookie, or the kind of the content.
    """
    names = [_names(exchange) for exchange in (first, second, after)]
    lost = (names[0] & names[1]) - names[2]
    gained = names[2] - (names[0] | names[1])
    if may_change:
        lost = Counter({name: count for name, count in lost.items() if name in ("set-cookie", "content-type")})
        gained = Counter()
    changes = [f"{count} × {name} is missing" for name, count in lost.items()]
    changes += [f"{count} × {name} is new" for name, count in gained.items()]
    stable = () if may_change else _stable_values(first, second)
    kept = Counter(_values(after))
    changes += [
        f"{name} was {value!r}, now {_value(after, name)!r}"
        for name, value in stable
        if (name, value) not in kept and name in names[2] and name not in lost
    ]
    return tuple(_take(changes))


def did_stream(exchange: Exchange) -> bool:
    """Tell whether an answer came bit by bit."""
    return _spread_s(exchange) >= _STREAMS_S


def streaming_change(first: Exchange, second: Exchange, after: Exchange) -> str:
    """Say that an answer that came bit by bit comes only at its end now. Empty: it streams as before, or never did."""
    spread_s = min(_spread_s(first), _spread_s(second))
    if not (did_stream(first) and did_stream(second)) or _spread_s(after) > spread_s / 2:
        return ""
    return f"it was streamed over {spread_s:.2f} s, now over {_spread_s(after):.2f} s: it is held back until its end"


def _spread_s(exchange: Exchange) -> float:
    return exchange.total_s - exchange.first_byte_s


def _answer(exchange: Exchange) -> str:
    return str(exchange.status) if exchange.status else f"nothing ({exchange.error or 'the connection broke'})"


_NO_JSON: Any = object()


def _json(exchange: Exchange) -> Any:
    kind = dict(exchange.headers).get("content-type", "")
    if "json" not in kind and exchange.body[:1] not in (b"{", b"["):
        return _NO_JSON
    try:
        return msgspec.json.decode(exchange.body)
    except (msgspec.DecodeError, RecursionError):
        return _NO_JSON


def _value_changes(where: str, first: Any, second: Any, after: Any) -> Iterator[str]:
    if isinstance(first, dict) and isinstance(second, dict) and isinstance(after, dict):
        yield from _object_changes(where, first, second, after)
    elif isinstance(first, list) and isinstance(second, list) and isinstance(after, list):
        yield from _list_changes(where, first, second, after)
    elif _has_changed(first, second, after):
        yield f"{where} was {_short(first)}, now {_short(after)}"


def _has_changed(first: Any, second: Any, after: Any) -> bool:
    if type(first) is not type(second):
        return False
    if type(first) is not type(after):
        return True
    return bool(first == second != after) and not _alike(first, after)


def _object_changes(
    where: str, first: Mapping[str, Any], second: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[str]:
    for key in first.keys() & second.keys():
        if key not in after:
            yield f"{where}.{key} is missing"
        else:
            yield from _value_changes(f"{where}.{key}", first[key], second[key], after[key])
    yield from (f"{where}.{key} is new" for key in after.keys() - first.keys() - second.keys())


def _list_changes(where: str, first: list[Any], second: list[Any], after: list[Any]) -> Iterator[str]:
    if len(first) != len(second):
        return
    if len(first) != len(after):
        yield f"{where} had {len(first)} entries, now {len(after)}"
        return
    for place, values in enumerate(zip(first, second, after, strict=True)):
        yield from _value_changes(f"{where}[{place}]", *values)


def _alike(first: Any, after: Any) -> bool:
    """Tell whether two values are of one kind that varies by itself."""
    if isinstance(first, str):
        return any(kind.fullmatch(first) and kind.fullmatch(after) for kind in _KINDS)
    if isinstance(first, int | float) and not isinstance(first, bool):
        return bool(min(first, after) > _EPOCH_S and abs(first - after) / max(first, after) < _SAME_TIMES_SHARE)
    return False


def _names(exchange: Exchange) -> Counter[str]:
    return Counter(name for name, _ in exchange.headers if name not in _CONNECTION)


def _values(exchange: Exchange) -> list[tuple[str, str]]:
    return [
        (name, _cookie(value) if name == "set-cookie" else value)
        for name, value in exchange.headers
        if name not in _VOLATILE_HEADERS | _CONNECTION
    ]


def _stable_values(first: Exchange, second: Exchange) -> tuple[tuple[str, str], ...]:
    known = set(_values(second))
    return tuple(pair for pair in _values(first) if pair in known and pair[0] != "content-length")


def _value(exchange: Exchange, name: str) -> str:
    return next((value for known, value in _values(exchange) if known == name), "")


def _cookie(value: str) -> str:
    """Return a cookie without its value and its moment of expiry."""
    name, _, rest = value.partition("=")
    attributes = [part.strip() for part in rest.split(";")[1:]]
    return "; ".join([name, *(part for part in attributes if not part.lower().startswith("expires="))])


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004 -- as much as a line of a report takes


def _take(changes: Any) -> Iterator[str]:
    for count, change in enumerate(changes):
        if count >= _CHANGES_MAX:
            yield "…"
            return
        yield change
