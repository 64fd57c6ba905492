"""Searching issues."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, exists, false, func, or_, select, true, tuple_

from naosu.domain.issue import Issue, IssueStatus
from naosu.domain.issue_query import IssueQuery, IssueSort, Term
from naosu.ports.store.issues import IssuePage
from naosu.storage.cursors import decode_cursor, encode_cursor
from naosu.storage.facets import VALUE_CHARS_MAX, clean, stable_hash
from naosu.storage.ledger_keys import NEW_FOR
from naosu.storage.matching import (
    FACET_ALIASES,
    contains_pattern,
    glob_to_like,
    glob_to_regex,
    issue_ids,
    user_kind,
    version_patterns,
)
from naosu.storage.sql import side_tables, tables
from naosu.storage.sql.column_types import CATEGORIES, LEVELS, SEVERITIES, from_micros, to_micros
from naosu.storage.sql.issue_rows import ISSUES, issue_of

_issue = tables.issue.c
_SORT_COLUMNS = {
    IssueSort.LAST_SEEN: _issue.last_seen_at,
    IssueSort.FIRST_SEEN: _issue.first_seen_at,
    IssueSort.EVENTS: _issue.event_count,
    IssueSort.USERS: _issue.user_count,
}
_EXACT_RELEASE = ":release"  # no field of a search line begins so
_VERSIONS_MAX = 2_000
_MOMENTS = {IssueSort.LAST_SEEN, IssueSort.FIRST_SEEN}
_CHOICES: dict[str, tuple[Any, ...]] = {"level": LEVELS, "category": CATEGORIES, "severity": SEVERITIES}


def find(
    connection: Connection, query: IssueQuery, *, now: datetime, limit: int, cursor: str | None, total_max: int
) -> IssuePage:
    """Return a page of issues that match."""
    sort_column: ColumnElement[Any] = _SORT_COLUMNS[query.sort]
    query = _with_versions_spelled_out(connection, query)
    conditions = _conditions(query, now, is_sqlite=connection.dialect.name == "sqlite")
    order = (sort_column.desc(), _issue.id.desc())
    page = select(_issue.id).join(tables.project, tables.project.c.id == _issue.project_id).where(*conditions)
    if cursor:
        position, issue_id = decode_cursor(cursor, query.sort.value, 2)
        start: Any = from_micros(position) if query.sort in _MOMENTS else position
        page = page.where(or_(sort_column < start, and_(sort_column == start, _issue.id < issue_id)))
    # What is sorted is ids, and not whole rows.
    ids = page.order_by(*order).limit(limit + 1).correlate(None)
    found = [issue_of(row) for row in connection.execute(ISSUES.where(_issue.id.in_(ids)).order_by(*order))]
    # The join with projects also makes SQLite read issues in the order of their ids, in which facets lie: a third
    # quicker than in the order of the index that it would take for the issues alone.
    matching = (
        select(true())
        .select_from(tables.issue.join(tables.project, tables.project.c.id == _issue.project_id))
        .where(*conditions)
        .limit(total_max)
    )
    complete = cursor is None and len(found) <= limit
    total = len(found) if complete else connection.scalar(select(func.count()).select_from(matching.subquery()))
    issues = tuple(found[:limit])
    return IssuePage(
        issues=issues,
        next_cursor=_cursor_after(issues[-1], query.sort) if len(found) > limit and issues else None,
        total=min(total or 0, total_max),
    )


def _with_versions_spelled_out(connection: Connection, query: IssueQuery) -> IssueQuery:
    """Replace patterns of releases by those that match: whole values are found at once among facets."""
    if not any(term.field == "release" for term in query.terms):
        return query
    known = side_tables.release.c
    wanted = select(known.version).distinct()
    if query.project_ids:
        wanted = wanted.where(known.project_id.in_(query.project_ids))
    versions = connection.scalars(wanted.limit(_VERSIONS_MAX + 1)).all()
    if len(versions) > _VERSIONS_MAX:
        return query
    terms = tuple(_spelled_out(term, versions) if term.field == "release" else term for term in query.terms)
    return msgspec.structs.replace(query, terms=terms)


def _spelled_out(term: Term, versions: Sequence[str]) -> Term:
    regexes = [glob_to_regex(pattern) for pattern in version_patterns(term)]
    found = [version for version in versions if any(regex.fullmatch(version) for regex in regexes)]
    return msgspec.structs.replace(
        term, field=_EXACT_RELEASE, values=tuple(clean(one, VALUE_CHARS_MAX) for one in found)
    )


def _cursor_after(issue: Issue, sort: IssueSort) -> str:
    positions = {
        IssueSort.LAST_SEEN: to_micros(issue.last_seen_at),
        IssueSort.FIRST_SEEN: to_micros(issue.first_seen_at),
        IssueSort.EVENTS: issue.event_count,
        IssueSort.USERS: issue.user_count,
    }
    return encode_cursor(sort.value, positions[sort], issue.id)


def _conditions(query: IssueQuery, now: datetime, *, is_sqlite: bool) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.project_ids:
        conditions.append(_issue.project_id.in_(query.project_ids))
    if query.seen_since is not None:
        conditions.append(_issue.last_seen_at >= query.seen_since)
    if query.first_seen_until is not None:
        conditions.append(_issue.first_seen_at <= query.first_seen_until)
    for word in query.words:
        pattern = contains_pattern(word)
        conditions.append(or_(_like(_issue.title_folded, pattern), _like(_issue.culprit_folded, pattern)))
    for term in query.terms:
        condition = _condition(term, now, is_sqlite=is_sqlite)
        conditions.append(~condition if term.negated else condition)
    return conditions


def _condition(term: Term, now: datetime, *, is_sqlite: bool) -> ColumnElement[bool]:
    field = term.field
    if field == "is":
        return or_(false(), *(_is(value, now) for value in term.values))
    if field == "id":
        ids, short_ids = issue_ids(term)
        named = tuple_(func.lower(tables.project.c.slug), _issue.number).in_(short_ids) if short_ids else false()
        return or_(_issue.id.in_(ids), named)
    if field in {"title", "culprit"}:
        column = _issue[f"{field}_folded"]
        return or_(*(_like(column, contains_pattern(value)) for value in term.values))
    if field in _CHOICES:
        return _choice(field, term.values)
    matcher = _Matcher(is_sqlite=is_sqlite)
    if field == "platform":
        return matcher.any_of(_issue.platform, term.values)
    if field == "first-release":
        return matcher.any_of(_issue.first_release, version_patterns(term))
    if kind := user_kind(field):
        return _has_user(kind, term.values, matcher)
    return _has_facet(term, matcher)


def _is(value: str, now: datetime) -> ColumnElement[bool]:
    is_open = _issue.status == IssueStatus.OPEN
    answers: dict[str, ColumnElement[bool]] = {
        "open": is_open,
        "unresolved": is_open,
        "resolved": _issue.status == IssueStatus.RESOLVED,
        "muted": _issue.status == IssueStatus.MUTED,
        "regressed": and_(is_open, _issue.regressed_at.is_not(None)),
        "new": _issue.first_seen_at > now - NEW_FOR,
        "handled": and_(_issue.handled.is_not(None), _issue.handled),
        "unhandled": and_(_issue.handled.is_not(None), ~_issue.handled),
    }
    return answers.get(value, false())


def _choice(field: str, values: Sequence[str]) -> ColumnElement[bool]:
    regexes = [glob_to_regex(value) for value in values]
    chosen = [one for one in _CHOICES[field] if any(regex.fullmatch(one.value) for regex in regexes)]
    return _issue[field].in_(chosen)


def _like(column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """Both sides are folded already, so that it does not matter which databases ignore case."""
    return column.like(glob_to_like(pattern), escape="\\")


class _Matcher:
    """Compares texts exactly, with ``*`` for any text: SQLite's LIKE ignores case, its GLOB does not."""

    def __init__(self, *, is_sqlite: bool) -> None:
        self._is_sqlite = is_sqlite

    def any_of(self, column: ColumnElement[str], patterns: Sequence[str]) -> ColumnElement[bool]:
        exact = [pattern for pattern in patterns if "*" not in pattern]
        globs = [pattern for pattern in patterns if "*" in pattern]
        return or_(column.in_(exact), *(self._glob(column, pattern) for pattern in globs))

    def _glob(self, column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
        if self._is_sqlite:
            escaped = pattern.replace("[", "[[]").replace("?", "[?]")
            return column.op("GLOB", is_comparison=True)(escaped)
        return _like(column, pattern)


def _has_facet(term: Term, matcher: _Matcher) -> ColumnElement[bool]:
    facet, fingerprint = tables.facet.c, tables.fingerprint.c
    joined = and_(fingerprint.issue_id == _issue.id, facet.fingerprint_id == fingerprint.id)
    if term.field == "has":
        keys = [FACET_ALIASES.get(value, value) for value in term.values]
        return exists().where(joined, facet.key.in_(keys))
    if term.field == _EXACT_RELEASE:
        return exists().where(joined, facet.key == "release", facet.value.in_(term.values))
    key = FACET_ALIASES.get(term.field, term.field)
    patterns = version_patterns(term) if term.field == "release" else term.values
    return exists().where(joined, facet.key == key, matcher.any_of(facet.value, patterns))


def _has_user(kind: str, values: Sequence[str], matcher: _Matcher) -> ColumnElement[bool]:
    """Users are kept as hashes; a pattern can only be matched with those that are listed as a facet."""
    user, fingerprint = tables.fingerprint_user.c, tables.fingerprint.c
    hashes = [stable_hash(f"{kind}:{value}") for value in values if "*" not in value]
    patterns = [f"{kind}:{value}" for value in values if "*" in value]
    joined = and_(fingerprint.issue_id == _issue.id, user.fingerprint_id == fingerprint.id)
    known = exists().where(joined, user.user_hash.in_(hashes)) if hashes else false()
    listed = _has_facet(Term(field="user", values=tuple(patterns)), matcher) if patterns else false()
    return or_(known, listed)
