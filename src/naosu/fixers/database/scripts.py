"""SQL that is already in the tree: scripts that do exactly what a database needs, and nothing that cannot be undone."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from naosu.ports.fixer import SourceTree

_ADDITIVE = re.compile(
    r"\s*(alter\s+table\s+(if\s+exists\s+)?(?P<altered>[\w.\"`]+)\s+add\s+(column\s+)?(if\s+not\s+exists\s+)?"
    r"(?!constraint|primary|foreign|check)(?P<column>[\w\"`]+)"
    r"|create\s+table\s+(if\s+not\s+exists\s+)?(?P<created>[\w.\"`]+)"
    r"|create\s+(unique\s+)?index\s|update\s+(?P<updated>[\w.\"`]+)\s+set\s+(?P<set>[\w\"`]+))",
    re.IGNORECASE,
)
_FRAME = re.compile(r"\s*(begin|commit|start transaction|end|pragma|analyze)\b", re.IGNORECASE)


class SqlScript(msgspec.Struct, frozen=True):
    """A script of the tree that only adds: `columns` are ``(table, column)``."""

    path: str
    statements: tuple[str, ...]
    tables: frozenset[str]
    columns: frozenset[tuple[str, str]]


def split_statements(text: str) -> Iterator[str]:
    """Yield the statements of a script, without comments and empty ones; quotes and dollar quotes are kept whole."""
    token = re.compile(
        r"(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<quoted>'(?:[^']|'')*'|\"[^\"]*\"|(?P<tag>\$\w*\$).*?(?P=tag))|(?P<end>;)",
        re.DOTALL,
    )
    held, at = "", 0
    for match in token.finditer(text):
        held += text[at : match.start()]
        at = match.end()
        if match["end"]:
            if held.strip():
                yield held.strip()
            held = ""
        elif match["quoted"]:
            held += match["quoted"]
        else:
            held += " "
    if (held + text[at:]).strip():
        yield (held + text[at:]).strip()


def bare(name: str) -> str:
    """Return an identifier without quotes and schema, in lower case."""
    return name.replace('"', "").replace("`", "").rpartition(".")[2].lower()


def additive(path: str, statements: Sequence[str]) -> SqlScript | None:
    """Return what these statements add. None: one of them does more than add, or fills what it did not add."""
    tables, columns, kept = set(), set(), []
    for statement in statements:
        if _FRAME.match(statement):
            continue
        match = _ADDITIVE.match(statement)
        if match is None or re.search(r"\bdrop\b|,\s*(alter|rename|modify|change)\b", statement, re.IGNORECASE):
            return None
        if match["created"]:
            tables.add(bare(match["created"]))
        if match["altered"]:
            columns.add((bare(match["altered"]), bare(match["column"])))
        if match["updated"] and (bare(match["updated"]), bare(match["set"])) not in columns:
            return None
        kept.append(statement)
    return SqlScript(path, tuple(kept), frozenset(tables), frozenset(columns)) if kept else None


def additive_scripts(source: SourceTree) -> list[SqlScript]:
    """Return the scripts of the tree that only add, by path."""
    found = (additive(path, tuple(split_statements(source.text(path) or ""))) for path in source.paths(".sql"))
    return [script for script in found if script is not None]
