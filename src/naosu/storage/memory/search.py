"""Matching issues with a search in memory."""

from collections.abc import Callable, Iterable
from datetime import datetime

from naosu.domain.issue import Issue, IssueStatus
from naosu.domain.issue_query import IssueQuery, IssueSort, Term
from naosu.storage.ledger_keys import NEW_FOR
from naosu.storage.matching import (
    FACET_ALIASES,
    contains_pattern,
    glob_to_regex,
    issue_ids,
    user_kind,
    version_patterns,
)
from naosu.storage.memory.shelves import Shelves

SORT_KEYS: dict[IssueSort, Callable[[Issue], int]] = {
    IssueSort.LAST_SEEN: lambda issue: micros(issue.last_seen_at),
    IssueSort.FIRST_SEEN: lambda issue: micros(issue.first_seen_at),
    IssueSort.EVENTS: lambda issue: issue.event_count,
    IssueSort.USERS: lambda issue: issue.user_count,
}


def micros(moment: datetime) -> int:
    """Return microseconds since 1970, exactly."""
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def matches(issue: Issue, query: IssueQuery, shelves: Shelves, now: datetime) -> bool:
    """Say whether an issue is what the query asks for."""
    if query.project_ids and issue.project_id not in query.project_ids:
        return False
    if query.seen_since is not None and issue.last_seen_at < query.seen_since:
        return False
    if query.first_seen_until is not None and issue.first_seen_at > query.first_seen_until:
        return False
    folded = (issue.title.casefold(), issue.culprit.casefold())
    words = (contains_pattern(word) for word in query.words)
    if not all(any(glob_to_regex(word).fullmatch(text) for text in folded) for word in words):
        return False
    return all(_holds(issue, term, shelves, now) != term.negated for term in query.terms)


def _holds(issue: Issue, term: Term, shelves: Shelves, now: datetime) -> bool:
    if term.field == "is":
        return any(_is(issue, value, now) for value in term.values)
    if term.field == "id":
        ids, short_ids = issue_ids(term)
        return issue.id in ids or (issue.project_slug.lower(), issue.number) in short_ids
    if term.field in {"title", "culprit"}:
        text = str(getattr(issue, term.field)).casefold()
        return _any_matches([text], map(contains_pattern, term.values))
    if (column := _column(issue, term.field)) is not None:
        patterns = version_patterns(term) if term.field == "first-release" else term.values
        return _any_matches([column], patterns)
    kept = shelves.fingerprints_of(issue.id)
    if kind := user_kind(term.field):
        names = {name for one in kept for name in one.user_names}
        return _any_matches(names, (f"{kind}:{value}" for value in term.values))
    if term.field == "has":
        return any(FACET_ALIASES.get(value, value) in one.facets for one in kept for value in term.values)
    values = {value for one in kept for value in one.facets.get(FACET_ALIASES.get(term.field, term.field), {})}
    return _any_matches(values, version_patterns(term) if term.field == "release" else term.values)


def _column(issue: Issue, field: str) -> str | None:
    columns = {
        "level": issue.level.value,
        "category": issue.classification.category.value,
        "severity": issue.classification.severity.value,
        "platform": issue.platform,
        "first-release": issue.first_release,
    }
    return columns.get(field)


def _is(issue: Issue, value: str, now: datetime) -> bool:
    answers = {
        "open": issue.status is IssueStatus.OPEN,
        "unresolved": issue.status is IssueStatus.OPEN,
        "resolved": issue.status is IssueStatus.RESOLVED,
        "muted": issue.status is IssueStatus.MUTED,
        "regressed": issue.status is IssueStatus.OPEN and issue.regressed_at is not None,
        "new": issue.first_seen_at > now - NEW_FOR,
        "handled": issue.handled is True,
        "unhandled": issue.handled is False,
    }
    return answers.get(value, False)


def _any_matches(texts: Iterable[str], patterns: Iterable[str]) -> bool:
    regexes = [glob_to_regex(pattern) for pattern in patterns]
    return any(regex.fullmatch(text) for text in texts for regex in regexes)
