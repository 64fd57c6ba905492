"""Secrets among the positional parameters of a statement: ``INSERT INTO u (email, password) VALUES (?, ?)``."""

import re
from collections.abc import Iterator

from naosu.normalize.scrub.names import NameRules
from naosu.normalize.scrub.shapes import FILTERED
from naosu.normalize.scrub.spans import is_nothing, item_spans

_PARAMETERS = re.compile(r"\b(?:parameters|params|binds|bindings|args|values)\s*[:=]\s*(?=[\[(])", re.IGNORECASE)
_INSERT = re.compile(r"\b(?:insert|replace)\b[^()]{1,200}\(([^()]{1,2000})\)[^()]{0,100}\bvalues\s*", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\?|%s|\$\d{1,3}|:\d{1,3}")
_COMPARED = re.compile(
    r"(?:([\w.\"`]{1,80})\s*(?:=|<>|!=|\bi?like\b)\s*)?(\?|%s|\$\d{1,3}|:\d{1,3})(?!\w)", re.IGNORECASE
)
_NEXT_ROW = re.compile(r"\s*\)\s*,\s*(?=\()")
_STATEMENT_MAX = 8000
_ROWS_MAX = 200


class Parameters:
    """Finds the parameters that belong to a column with a telling name, and replaces them."""

    def __init__(self, names: NameRules) -> None:
        self._names = names

    def hide(self, text: str) -> tuple[str, list[str]]:
        """Return the text without them, and the rules that struck; the same text when none did."""
        text, struck = self._hide_literals(text)
        found = _PARAMETERS.search(text)
        if found is None:
            return text, struck
        clean, rules = self._hide_parameters(text, found)
        return clean, [*struck, *rules]

    def _hide_literals(self, text: str) -> tuple[str, list[str]]:
        """Replace what is written out in ``INSERT INTO u (name, password) VALUES ('bob', '…')``."""
        insert = _INSERT.search(text)
        if insert is None or not text.startswith("(", insert.end()):
            return text, []
        rules = [self._names.rule(_bare(name)) for name in insert[1].split(",")]
        pieces: list[str] = []
        struck: list[str] = []
        done, at = 0, insert.end()
        while any(rules) and text.startswith("(", at) and len(struck) < _ROWS_MAX:
            spans = item_spans(text, at)
            for rule, (start, end) in zip(rules, spans, strict=False):
                if rule and text[start] in "'\"" and not is_nothing(text[start:end]):
                    pieces += (text[done : start + 1], FILTERED, text[start])
                    struck.append(rule)
                    done = end
            row = _NEXT_ROW.match(text, spans[-1][1]) if spans else None
            at = row.end() if row else len(text)
        return ("".join([*pieces, text[done:]]), struck) if struck else (text, [])

    def _hide_parameters(self, text: str, found: re.Match[str]) -> tuple[str, list[str]]:
        columns = _columns(text[max(0, found.start() - _STATEMENT_MAX) : found.start()])
        telling = {place: rule for place, name in enumerate(columns) if (rule := self._names.rule(name)) is not None}
        if not telling:
            return text, []
        pieces: list[str] = []
        rules: list[str] = []
        done = 0
        for row in _rows(text, found.end()):
            for place, (start, end) in enumerate(row):
                rule = telling.get(place)
                if rule is None or is_nothing(text[start:end]):
                    continue
                quote = text[end - 1] if text[end - 1] in "'\"" else ""
                pieces += (text[done:start], quote, FILTERED, quote)
                rules.append(rule)
                done = end
        return ("".join([*pieces, text[done:]]), rules) if rules else (text, rules)


def _columns(statement: str) -> list[str]:
    """Return the name of the column behind each placeholder, in order; empty where there is none."""
    insert = _INSERT.search(statement)
    if insert is None:
        return [_bare(match[1] or "") for match in _COMPARED.finditer(statement)]
    names = [_bare(name) for name in insert[1].split(",")]
    columns: list[str] = []
    if not statement.startswith("(", insert.end()):
        return columns
    for place, (start, end) in enumerate(item_spans(statement, insert.end())):
        if place < len(names) and _PLACEHOLDER.search(statement, start, end):
            columns.append(names[place])
    return columns


def _bare(name: str) -> str:
    return name.strip().rpartition(".")[2].strip("\"`[]'")


def _rows(text: str, at: int) -> Iterator[list[tuple[int, int]]]:
    """Give the spans of each row's values: one row, or a list of rows."""
    items = item_spans(text, at)
    if items and all(text[start] in "([" for start, _ in items):
        for start, _ in items[:_ROWS_MAX]:
            yield item_spans(text, start)
    else:
        yield items
