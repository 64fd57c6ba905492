"""What to look for among issues: the search line, parsed."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from naosu.domain.classification import Category, Severity
from naosu.domain.errors import InvalidInputError
from naosu.domain.event import Level


class IssueSort(StrEnum):
    """Order of a list of issues, the first being the most so."""

    LAST_SEEN = "last_seen"
    FIRST_SEEN = "first_seen"
    EVENTS = "events"
    USERS = "users"


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """One ``field:value`` of a search line.

    Attributes:
        values: Any of these; ``*`` within stands for any text.
        negated: Written with ``!`` in front.
    """

    field: str
    values: tuple[str, ...]
    negated: bool = False


class IssueQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed search.

    Attributes:
        project_ids: Empty: all projects.
        terms: All must hold. Fields: ``is`` (open, unresolved, resolved, muted, regressed, new, handled, unhandled),
            ``level``, ``category``, ``severity``, ``platform``, ``release``, ``environment``, ``first-release``,
            ``type``, ``title``, ``culprit``, ``user.id|email|username|ip``, ``id``, ``has`` (a tag's key),
            and any tag's key.
            ``unresolved`` is ``open``; ``new``: first seen within a day; ``regressed``: open, and it was resolved once.
        words: Free text: all must occur in title or culprit, in any case.
        seen_since: Only issues with an event since then.
        first_seen_until: Only issues first seen then or before.
    """

    project_ids: tuple[int, ...] = ()
    terms: tuple[Term, ...] = ()
    words: tuple[str, ...] = ()
    seen_since: datetime | None = None
    first_seen_until: datetime | None = None
    sort: IssueSort = IssueSort.LAST_SEEN


class QuerySyntaxError(InvalidInputError):
    """A search line cannot be read. Not retryable as it is.

    Attributes:
        expected: What could have stood there.
        found: What stood there.
        position: Where, in characters from the start of the line.
    """

    code = "query.syntax"

    def __init__(self, *, expected: str, found: str, position: int) -> None:
        super().__init__(f"At character {position + 1}: expected {expected}, found {found}.")
        self.expected = expected
        self.found = found
        self.position = position


IS_VALUES = ("open", "unresolved", "resolved", "muted", "regressed", "new", "handled", "unhandled")
_IS_ALIASES = {"ignored": "muted", "archived": "muted", "regression": "regressed"}
_FIELD_ALIASES = {
    "firstrelease": "first-release",
    "first_release": "first-release",
    "env": "environment",
    "message": "title",
    "error.type": "type",
    "exception": "type",
}
_CLOSED_FIELDS = {
    "is": IS_VALUES,
    "level": tuple(level.value for level in Level),
    "category": tuple(category.value for category in Category),
    "severity": tuple(severity.value for severity in Severity),
}
_LEVEL_ALIASES = {"warn": "warning", "critical": "fatal"}
_FIELD = re.compile(r"(!?)([\w.\-]+):")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r"[^\s\"]\S*")
_LISTED = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",\]](?:[^",\]]*[^\s",\]])?))\s*')
_SPACES = re.compile(r"\s*")


def parse_query(text: str, *, project_ids: tuple[int, ...] = ()) -> IssueQuery:
    """Read a search line: ``is:unresolved level:[error, fatal] !release:1.2* user.id:7 "any text"``.

    Raises:
        QuerySyntaxError: It cannot be read; says what was expected and what stood there. Not retryable.
    """
    terms: list[Term] = []
    words: list[str] = []
    sort = IssueSort.LAST_SEEN
    position = _skip_spaces(text, 0)
    while position < len(text):
        # A word like "https://x" or "a::b" is text, and no field.
        if (match := _FIELD.match(text, position)) and not text.startswith(("//", ":"), match.end()):
            values, end = _read_values(text, match.end())
            if match[2] == "sort":
                sort = _read_sort(values, match.end())
            else:
                terms.append(_term(match[2], values, negated=bool(match[1]), position=match.end()))
        else:
            word, end = _read_word(text, position)
            words.append(word)
        position = _skip_spaces(text, end)
    return IssueQuery(project_ids=project_ids, terms=tuple(terms), words=tuple(filter(None, words)), sort=sort)


def _skip_spaces(text: str, position: int) -> int:
    match = _SPACES.match(text, position)
    return match.end() if match else position


def _read_values(text: str, position: int) -> tuple[tuple[str, ...], int]:
    if text.startswith("[", position):
        return _read_list(text, position + 1)
    if position >= len(text) or text[position].isspace():
        found = "the end of the line" if position >= len(text) else "a space"
        raise QuerySyntaxError(expected="a value", found=found, position=position)
    value, end = _read_word(text, position)
    return (value,), end


def _read_list(text: str, position: int) -> tuple[tuple[str, ...], int]:
    values: list[str] = []
    while True:
        match = _LISTED.match(text, position)
        if match is None:
            raise QuerySyntaxError(expected="a value of the list", found=_what_is_at(text, position), position=position)
        values.append(_unescape(match[1]) if match[1] is not None else match[2])
        position = match.end()
        if text.startswith("]", position):
            return tuple(values), position + 1
        if not text.startswith(",", position):
            raise QuerySyntaxError(expected="“,” or “]”", found=_what_is_at(text, position), position=position)
        position += 1


def _read_word(text: str, position: int) -> tuple[str, int]:
    if match := _QUOTED.match(text, position):
        return _unescape(match[1]), match.end()
    if match := _BARE.match(text, position):
        return match[0], match.end()
    raise QuerySyntaxError(expected='a closing “"”', found="the end of the line", position=len(text))


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _what_is_at(text: str, position: int) -> str:
    return f"“{text[position]}”" if position < len(text) else "the end of the line"


def _read_sort(values: tuple[str, ...], position: int) -> IssueSort:
    names = [sort.value for sort in IssueSort]
    if len(values) == 1 and values[0] in names:
        return IssueSort(values[0])
    raise QuerySyntaxError(expected=_one_of(names), found=f"“{', '.join(values)}”", position=position)


def _term(field: str, values: tuple[str, ...], *, negated: bool, position: int) -> Term:
    field = _FIELD_ALIASES.get(field.lower(), field)
    allowed = _CLOSED_FIELDS.get(field)
    if allowed is not None:
        values = tuple(_closed_value(field, value, allowed, position) for value in values)
    return Term(field=field, values=values, negated=negated)


def _closed_value(field: str, value: str, allowed: tuple[str, ...], position: int) -> str:
    wanted = value.upper() if field in {"category", "severity"} else value.lower()
    if field == "is":
        wanted = _IS_ALIASES.get(wanted, wanted)
    elif field == "level":
        wanted = _LEVEL_ALIASES.get(wanted, wanted)
    if wanted in allowed or ("*" in wanted and field != "is"):
        return wanted
    raise QuerySyntaxError(expected=_one_of(allowed), found=f"“{value}”", position=position)


def _one_of(names: Sequence[str]) -> str:
    return "one of " + ", ".join(names)
