"""By which columns a query looks for rows: read from its text, for indexes that could serve it."""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

_TOKEN = re.compile(
    r"\s*(?P<token>'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|\$\d+(?:::\w+(?:\s+VARYING)?)?|%\(\w+\)s(?:::\w+)?|%s|[A-Za-z_][\w$]*"
    r"|\d+(?:\.\d+)?|::\w+|:\w+|<>|!=|<=|>=|\|\||.)",
    re.DOTALL,
)
_RANGES = {"<", ">", "<=", ">=", "BETWEEN"}
_ENDS_OF_ORDER = {"LIMIT", "OFFSET", ")", "FETCH", "FOR", ";"}
_NO_ALIAS = {
    "WHERE", "ON", "JOIN", "LEFT", "RIGHT", "INNER", "OUTER", "FULL", "CROSS", "GROUP", "ORDER", "LIMIT", "HAVING",
    "UNION", "SET", "USING", "NATURAL", "OFFSET", "FETCH", "FOR", ")", ",", ";", "WINDOW", "EXCEPT", "INTERSECT",
}  # fmt: skip
COLUMNS_MAX = 4


class Sought(msgspec.Struct, frozen=True):
    """The columns of one table by which a query looks for rows, in the order of its text."""

    table: str
    equal: tuple[str, ...] = ()
    ranged: tuple[str, ...] = ()
    ordered: tuple[str, ...] = ()


def tokens(statement: str) -> list[str]:
    """Return the tokens of a statement, keywords and names as they are written, quotes of names removed."""
    return [_bare(match["token"]) for match in _TOKEN.finditer(statement) if match["token"].strip()]


def _bare(token: str) -> str:
    return token[1:-1] if token[0] in '"`' and len(token) > 1 else token


def tables_in(words: Sequence[str]) -> dict[str, str]:
    """Return the table behind each alias (and each table's own name) of a statement."""
    found: dict[str, str] = {}
    for index, word in enumerate(words):
        if word.upper() not in {"FROM", "JOIN"} and not (word == "," and _in_from(words, index)):
            continue
        at = index + 1
        if at >= len(words) or not re.fullmatch(r"[A-Za-z_][\w$]*", words[at]) or words[at].upper() == "SELECT":
            continue
        table = words[at]
        while at + 2 < len(words) and words[at + 1] == ".":
            at += 2
            table = words[at]
        found[table] = table
        at += 2 if at + 1 < len(words) and words[at + 1].upper() == "AS" else 1
        if at < len(words) and words[at].upper() not in _NO_ALIAS and re.fullmatch(r"[A-Za-z_][\w$]*", words[at]):
            found[words[at]] = table
    return found


def _in_from(words: Sequence[str], index: int) -> bool:
    """Whether a comma stands in a FROM clause, at its own level."""
    depth = 0
    for word in reversed(words[:index]):
        depth += (word == ")") - (word == "(")
        if depth < 0:
            return False
        if depth == 0 and word.upper() in {"SELECT", "WHERE", "ORDER", "GROUP", "SET", "HAVING", "BY"}:
            return False
        if depth == 0 and word.upper() == "FROM":
            return True
    return False


def sought(statement: str, columns: Mapping[str, Sequence[str]]) -> dict[str, Sought]:
    """Return by which columns a query looks for rows of each table; `columns` tell whose a name without a table is."""
    words = tokens(statement)
    aliases = tables_in(words)
    found: dict[str, dict[str, dict[str, None]]] = {}

    def note(kind: str, reference: tuple[str, str] | None) -> None:
        if reference is not None:
            found.setdefault(reference[0], {}).setdefault(kind, {})[reference[1]] = None

    for index, word in enumerate(words):
        before = _reference(words, index - 1, aliases, columns, forwards=False)
        after = _reference(words, index + 1, aliases, columns, forwards=True)
        if word == "=" or word.upper() in {"IN", "IS"}:
            note("equal", before)
            note("equal", after if word == "=" else None)
        elif word.upper() in _RANGES:
            note("ranged", before)
            note("ranged", after if word != "BETWEEN" else None)
    for reference in _orders(words, aliases, columns):
        note("ordered", reference)
    return {
        table: Sought(table, *(tuple(kinds.get(kind, ())) for kind in ("equal", "ranged", "ordered")))
        for table, kinds in found.items()
    }


def _reference(
    words: Sequence[str], at: int, aliases: Mapping[str, str], columns: Mapping[str, Sequence[str]], *, forwards: bool
) -> tuple[str, str] | None:
    """Return table and column of the name that ends (or begins) at a token."""
    if not 0 <= at < len(words) or not re.fullmatch(r"[A-Za-z_][\w$]*", words[at]):
        return None
    if forwards:
        if at + 2 < len(words) and words[at + 1] == ".":
            return _owned(words[at], words[at + 2], aliases)
        return None if at + 1 < len(words) and words[at + 1] == "(" else _unqualified(words[at], aliases, columns)
    if at > 1 and words[at - 1] == ".":
        return _owned(words[at - 2], words[at], aliases)
    if words[at].upper() == "NOT":
        return None
    return _unqualified(words[at], aliases, columns)


def _owned(alias: str, column: str, aliases: Mapping[str, str]) -> tuple[str, str] | None:
    return (aliases[alias], column) if alias in aliases else None


def _unqualified(
    column: str, aliases: Mapping[str, str], columns: Mapping[str, Sequence[str]]
) -> tuple[str, str] | None:
    owners = {table for table in set(aliases.values()) if column in columns.get(table, ())}
    return (owners.pop(), column) if len(owners) == 1 else None


def _orders(
    words: Sequence[str], aliases: Mapping[str, str], columns: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str] | None]:
    for index in range(len(words) - 1):
        if words[index].upper() != "ORDER" or words[index + 1].upper() != "BY":
            continue
        at = index + 2
        while at < len(words) and words[at].upper() not in _ENDS_OF_ORDER:
            if words[at] == "(" or (at + 1 < len(words) and words[at + 1] == "("):
                break
            if not (at + 1 < len(words) and words[at + 1] == ".") and words[at].upper() not in {
                "ASC",
                "DESC",
                ",",
                ".",
            }:
                yield _reference(words, at, aliases, columns, forwards=False)
            at += 1


def candidates(one: Sought) -> list[tuple[str, ...]]:
    """Return the columns of indexes worth trying: equality first, then one range or the order."""
    equal = one.equal[:COLUMNS_MAX]
    found: list[tuple[str, ...]] = []
    tails = [one.ranged[:1], tuple(name for name in one.ordered if name not in equal)[:2], ()]
    for head in (equal, *((name,) for name in equal if len(equal) > 1)):
        for tail in tails if head == equal else ((),):
            columns = tuple(dict.fromkeys((*head, *tail)))
            if columns and columns not in found:
                found.append(columns)
    return found[:8]
