"""The search line, parsed: ``is:unresolved level:[error,fatal] !release:1.2 user.id:7 "connection refused"``."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from naosu.domain.errors import InvalidInputError
from naosu.domain.issue_query import IssueQuery, IssueSort, Term

LINE_LENGTH_MAX = 1_000
TERM_COUNT_MAX = 30
IS_VALUES = frozenset({"open", "unresolved", "resolved", "muted", "regressed", "new", "handled", "unhandled"})

# Sentry's names for what has another name here.
IS_ALIASES = {"ignored": "muted", "archived": "muted", "escalating": "regressed"}
IS_ALWAYS_TRUE = frozenset({"unassigned", "for_review", "inbox"})
FIELD_ALIASES = {
    "firstrelease": "first-release",
    "error.type": "type",
    "error.handled": "handled",
    "error.unhandled": "unhandled",
    "status": "is",
    "user.ip_address": "user.ip",
    "issue": "id",
    "issue.id": "id",
}
PERIOD_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

_TOKEN = re.compile(
    r"""(?P<not>!?)(?P<field>[A-Za-z_][\w.\-]{0,199}):(?P<value>\[[^\]]*\]|"[^"]*"|[^\s"]\S*)(?=\s|$)"""
    r"""|"(?P<phrase>[^"]*)"|(?P<word>\S+)"""
)
_PERIOD = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)


class InvalidSearchError(InvalidInputError):
    """A search line that cannot be understood. Not retryable as it is."""

    code = "search.invalid"


def parse_period(text: str) -> timedelta:
    """Read ``24h``, ``14d``, ``90m``, ``2w`` or ``30s``. Raises InvalidSearchError."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise InvalidSearchError(f"Not a period: {text[:40]!r}. Write a number and one of s, m, h, d, w.")
    seconds = int(match[1]) * PERIOD_SECONDS[match[2]]
    # A century is more than anything is kept for, and keeps dates representable.
    return timedelta(seconds=min(seconds, 100 * 365 * 86_400))


def parse_search(
    line: str,
    *,
    now: datetime,
    project_id_of: Callable[[str], int],
    project_ids: tuple[int, ...] = (),
    seen_since: datetime | None = None,
    sort: IssueSort = IssueSort.LAST_SEEN,
) -> IssueQuery:
    """Parse a search line.

    Args:
        line: As typed. Unknown fields are tags.
        now: For relative times, ``lastSeen:-1h``.
        project_id_of: Finds ``project:shop``; raises NotFoundError.
        project_ids: Where to look, unless the line says otherwise. Empty: everywhere.
        seen_since: Only issues with an event since then, unless the line says otherwise.
        sort: Order of what is found.

    Raises:
        InvalidSearchError: Too long, or a field with a value that means nothing.
        NotFoundError: No such project.
    """
    if len(line) > LINE_LENGTH_MAX or "\0" in line:
        raise InvalidSearchError(f"A search has at most {LINE_LENGTH_MAX} characters, none of them NUL.")
    terms: list[Term] = []
    words: list[str] = []
    for match in _TOKEN.finditer(line):
        if match["field"] is None or match["value"].startswith("//"):
            words.append((match["phrase"] if match["phrase"] is not None else match[0]).strip('"'))
            continue
        term = to_term(match["field"], match["value"], negated=bool(match["not"]))
        if term.field == "lastseen":
            seen_since = _seen_since(term, now)
        elif term.field == "project":
            project_ids = tuple(project_id_of(value) for value in term.values)
        elif term.field != "is" or term.values:
            terms.append(term)
    if len(terms) + len(words) > TERM_COUNT_MAX:
        raise InvalidSearchError(f"A search has at most {TERM_COUNT_MAX} terms.")
    return IssueQuery(
        project_ids=project_ids,
        terms=tuple(terms),
        words=tuple(word for word in words if word),
        seen_since=seen_since,
        sort=sort,
    )


def to_term(field: str, value: str, *, negated: bool) -> Term:
    """Return one ``field:value`` in our names. Raises InvalidSearchError."""
    values = split_values(value)
    lowered = field.lower()
    name = FIELD_ALIASES.get(lowered, lowered if lowered in ("is", "lastseen", "project") else field)
    if name == "user" and all(":" in one for one in values):
        kind, _, rest = values[0].partition(":")
        return Term(field=f"user.{kind}", values=(rest,), negated=negated)
    if name in ("handled", "unhandled"):
        return _handled_term(name, values, negated=negated)
    if name == "is":
        values = tuple(IS_ALIASES.get(one.lower(), one.lower()) for one in values if one.lower() not in IS_ALWAYS_TRUE)
        if unknown := [one for one in values if one not in IS_VALUES]:
            raise InvalidSearchError(f"is:{unknown[0]} means nothing here; known are {', '.join(sorted(IS_VALUES))}.")
    if name in ("category", "severity"):
        values = tuple(one.upper() for one in values)
    return Term(field="user.id" if name == "user" else name, values=values, negated=negated)


def _handled_term(name: str, values: tuple[str, ...], *, negated: bool) -> Term:
    """``error.handled:false`` is ``is:unhandled``."""
    truth = values[0].lower() in ("1", "true", "yes")
    wanted = name if truth else {"handled": "unhandled", "unhandled": "handled"}[name]
    return Term(field="is", values=(wanted,), negated=negated)


def split_values(value: str) -> tuple[str, ...]:
    """Return the values of ``a``, ``"a b"`` or ``[a, "b c"]``."""
    if value.startswith("[") and value.endswith("]"):
        parts = [part.strip().strip('"') for part in value[1:-1].split(",")]
        return tuple(part for part in parts if part) or ("",)
    return (value[1:-1] if value.startswith('"') and value.endswith('"') and len(value) > 1 else value,)


def _seen_since(term: Term, now: datetime) -> datetime:
    text = term.values[0]
    if not text.startswith("-"):
        raise InvalidSearchError("Write lastSeen:-1h for issues seen in the last hour.")
    return now - parse_period(text[1:])
