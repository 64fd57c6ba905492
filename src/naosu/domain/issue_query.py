"""What to look for among issues: the search line, parsed."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from naosu.domain.classification import Category, Severity
from naosu.domain.errors import InvalidInputError, NotFoundError
from naosu.domain.event import Level
from naosu.domain.period import InvalidPeriodError, parse_period


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


LINE_LENGTH_MAX = 1_000
TERM_COUNT_MAX = 30
IS_VALUES = ("open", "unresolved", "resolved", "muted", "regressed", "new", "handled", "unhandled")
# Sentry's names for what has another name here, and what people write by themselves.
_IS_ALIASES = {"ignored": "muted", "archived": "muted", "escalating": "regressed", "regression": "regressed"}
_IS_ALWAYS_TRUE = frozenset({"unassigned", "for_review", "inbox"})
_FIELD_ALIASES = {
    "firstrelease": "first-release",
    "first_release": "first-release",
    "env": "environment",
    "message": "title",
    "error.type": "type",
    "exception": "type",
    "error.handled": "handled",
    "error.unhandled": "unhandled",
    "status": "is",
    "user.ip_address": "user.ip",
    "issue": "id",
    "issue.id": "id",
}
_CLOSED_FIELDS = {
    "is": IS_VALUES,
    "level": tuple(level.value for level in Level),
    "category": tuple(category.value for category in Category),
    "severity": tuple(severity.value for severity in Severity),
}
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_LEVEL_ALIASES = {"warn": "warning", "critical": "fatal"}
_USER_KINDS = ("id", "email", "username", "ip")
_LIST_FIELDS = frozenset({"sort", "project", "lastseen"})  # they say something of the whole list, and of no one issue
# A tag may have any other name; one that differs from these in case only cannot be searched for.
_KNOWN_FIELDS = _LIST_FIELDS | _CLOSED_FIELDS.keys() | {"handled", "unhandled"}
_FIELD = re.compile(r"(!?)([^\W\d][\w.\-]{0,199}):")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r"[^\s\"]\S*")
_LISTED = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",\]](?:[^",\]]*[^\s",\]])?))\s*')
_SPACES = re.compile(r"\s*")


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """One ``field:value`` as it was written; `position` is where its value begins."""

    field: str
    values: tuple[str, ...]
    negated: bool
    position: int


def no_projects(slug: str) -> int:
    """Find no project, whatever its name. Raises NotFoundError."""
    raise NotFoundError(f"No project {slug[:40]}.")


def parse_query(
    text: str,
    *,
    now: datetime,
    project_id_of: Callable[[str], int] = no_projects,
    project_ids: tuple[int, ...] = (),
    seen_since: datetime | None = None,
    sort: IssueSort = IssueSort.LAST_SEEN,
) -> IssueQuery:
    """Read a search line: ``is:unresolved level:[error, fatal] !release:1.2* user.id:7 "any text"``.

    Args:
        text: As typed. What looks like a field but has no value, as in a pasted ``ValueError: bad``, is text.
        now: From which ``lastSeen:-1h`` counts back.
        project_id_of: Finds ``project:shop``; raises NotFoundError.
        project_ids: Where to look, unless the line says otherwise. Empty: everywhere.
        seen_since: Only issues with an event since then, unless the line says otherwise.
        sort: Order of what is found, unless the line says otherwise.

    Raises:
        QuerySyntaxError: It cannot be read; says what was expected and what stood there. Not retryable.
        NotFoundError: No such project.
    """
    terms: list[Term] = []
    words: list[str] = []
    for part in _parts(text):
        if isinstance(part, str):
            words.append(part)
        elif part.field not in _LIST_FIELDS:
            terms += _terms(part)
        elif part.negated:
            raise _unreadable("a field without “!”", f"“!{part.field}”", part.position)
        elif part.field == "sort":
            sort = _read_sort(part)
        elif part.field == "project":
            project_ids = tuple(project_id_of(value) for value in part.values)
        else:
            seen_since = _seen_since(part, now)
    return IssueQuery(project_ids=project_ids, terms=tuple(terms), words=tuple(words), seen_since=seen_since, sort=sort)


def _parts(text: str) -> Iterator[_Part | str]:
    """Yield the fields and the words of a line. Raises QuerySyntaxError."""
    if len(text) > LINE_LENGTH_MAX:
        raise _unreadable(
            "the end of the line, after 1,000 characters", _what_is_at(text, LINE_LENGTH_MAX), LINE_LENGTH_MAX
        )
    if "\0" in text:
        raise _unreadable("a word", "a NUL character", text.index("\0"))
    count = 0
    position = _skip_spaces(text, 0)
    while position < len(text):
        count += 1
        if count > TERM_COUNT_MAX:
            raise _unreadable("the end of the line, after 30 terms", _what_is_at(text, position), position)
        if match := _field_at(text, position):
            values, end = _read_values(text, match.end())
            yield _Part(field=_own_name(match[2]), values=values, negated=bool(match[1]), position=match.end())
        else:
            word, end = _read_word(text, position)
            if word:
                yield word
        position = _skip_spaces(text, end)


def _field_at(text: str, position: int) -> re.Match[str] | None:
    """Return the field that begins here; ``https://x``, ``a::b`` and ``ValueError:`` are words."""
    match = _FIELD.match(text, position)
    if match is None or text.startswith(("//", ":"), match.end()):
        return None
    has_value = match.end() < len(text) and not text[match.end()].isspace()
    return match if has_value or _own_name(match[2]) in _KNOWN_FIELDS else None


def _own_name(field: str) -> str:
    """Return our name of a field. Names of tags are kept as they were written."""
    lowered = field.lower()
    return _FIELD_ALIASES.get(lowered, lowered if lowered in _KNOWN_FIELDS else field)


def _skip_spaces(text: str, position: int) -> int:
    match = _SPACES.match(text, position)
    return match.end() if match else position


def _read_values(text: str, position: int) -> tuple[tuple[str, ...], int]:
    if text.startswith("[", position):
        return _read_list(text, position + 1)
    if position >= len(text) or text[position].isspace():
        raise _unreadable("a value", "the end of the line" if position >= len(text) else "a space", position)
    value, end = _read_word(text, position)
    return (value,), end


def _read_list(text: str, position: int) -> tuple[tuple[str, ...], int]:
    values: list[str] = []
    while True:
        match = _LISTED.match(text, position)
        if match is None:
            raise _unreadable("a value of the list", _what_is_at(text, position), position)
        values.append(_unescape(match[1]) if match[1] is not None else match[2])
        position = match.end()
        if text.startswith("]", position):
            return tuple(values), position + 1
        if not text.startswith(",", position):
            raise _unreadable("“,” or “]”", _what_is_at(text, position), position)
        position += 1


def _read_word(text: str, position: int) -> tuple[str, int]:
    if match := _QUOTED.match(text, position):
        return _unescape(match[1]), match.end()
    if match := _BARE.match(text, position):
        return match[0], match.end()
    raise _unreadable('a closing “"”', "the end of the line", len(text))


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _what_is_at(text: str, position: int) -> str:
    return f"“{text[position]}”" if position < len(text) else "the end of the line"


def _unreadable(expected: str, found: str, position: int) -> QuerySyntaxError:
    return QuerySyntaxError(expected=expected, found=found, position=position)


def _read_sort(part: _Part) -> IssueSort:
    names = [sort.value for sort in IssueSort]
    if len(part.values) == 1 and part.values[0] in names:
        return IssueSort(part.values[0])
    raise _unreadable(_one_of(names), f"“{', '.join(part.values)}”", part.position)


def _seen_since(part: _Part, now: datetime) -> datetime:
    value = part.values[0]
    try:
        if len(part.values) == 1 and value.startswith("-"):
            return now - parse_period(value[1:])
    except InvalidPeriodError:
        pass
    raise _unreadable("a period such as -1h", f"“{', '.join(part.values)}”", part.position)


def _terms(part: _Part) -> tuple[Term, ...]:
    """Return the terms that a field means: none where it is true of every issue."""
    if part.field == "user":
        return (_user_term(part),)
    if part.field in ("handled", "unhandled"):
        return (_handled_term(part),)
    if part.field == "is" and not part.negated and any(value.lower() in _IS_ALWAYS_TRUE for value in part.values):
        return ()
    values = part.values
    if (allowed := _CLOSED_FIELDS.get(part.field)) is not None:
        values = tuple(_closed_value(part.field, value, allowed, part.position) for value in values)
    return (Term(field=part.field, values=values, negated=part.negated),)


def _user_term(part: _Part) -> Term:
    """``user:email:a@b.c`` is ``user.email:a@b.c``, and ``user:7`` is ``user.id:7``."""
    kinds = {kind if kind in _USER_KINDS else "" for kind, _, _ in (value.partition(":") for value in part.values)}
    if kinds == {""}:
        return Term(field="user.id", values=part.values, negated=part.negated)
    if len(kinds) > 1:
        raise _unreadable("users of one kind", f"“{', '.join(part.values)}”", part.position)
    values = tuple(value.partition(":")[2] for value in part.values)
    return Term(field=f"user.{kinds.pop()}", values=values, negated=part.negated)


def _handled_term(part: _Part) -> Term:
    """``error.handled:false`` is ``is:unhandled``."""
    truth = _TRUTHS.get(part.values[0].lower()) if len(part.values) == 1 else None
    if truth is None:
        raise _unreadable(_one_of(tuple(_TRUTHS)), f"“{', '.join(part.values)}”", part.position)
    wanted = "handled" if truth is (part.field == "handled") else "unhandled"
    return Term(field="is", values=(wanted,), negated=part.negated)


def _closed_value(field: str, value: str, allowed: tuple[str, ...], position: int) -> str:
    wanted = value.upper() if field in {"category", "severity"} else value.lower()
    if field == "is":
        wanted = _IS_ALIASES.get(wanted, wanted)
    elif field == "level":
        wanted = _LEVEL_ALIASES.get(wanted, wanted)
    if wanted in allowed or ("*" in wanted and field != "is"):
        return wanted
    raise _unreadable(_one_of(allowed), f"“{value}”", position)


def _one_of(names: Sequence[str]) -> str:
    return "one of " + ", ".join(names)
