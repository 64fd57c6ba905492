"""What Sentry's parameters of a list of issues look for. A value that means nothing is refused, never ignored."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import Depends, Query

from naosu.api.context import ApiContext
from naosu.api.lookups import find_project
from naosu.api.moments import as_utc
from naosu.api.problems import MalformedRequestError
from naosu.api.sentry.parameters import StatsPeriod
from naosu.domain.errors import InvalidInputError
from naosu.domain.issue_query import IssueQuery, IssueSort, Term, parse_query
from naosu.domain.period import parse_period

UNRESOLVED = "is:unresolved"
SORTS = {
    "date": IssueSort.LAST_SEEN,
    "new": IssueSort.FIRST_SEEN,
    "freq": IssueSort.EVENTS,
    "user": IssueSort.USERS,
    "inbox": IssueSort.LAST_SEEN,
    # Sentry's own scores do not exist here: what happens most often comes nearest.
    "priority": IssueSort.EVENTS,
    "trends": IssueSort.EVENTS,
    "recommended": IssueSort.EVENTS,
}
SearchText = Annotated[
    str | None, Query(max_length=1_000, description="Search line; `is:unresolved` if absent, all if empty.")
]
Sort = Annotated[
    str,
    Query(
        max_length=20,
        description="date, new, freq or user; inbox means date; priority, trends and recommended mean freq.",
        json_schema_extra={"enum": list(SORTS)},
    ),
]
Environments = Annotated[
    list[Annotated[str, Query(max_length=200)]], Query(max_length=100, description="Any of these environments.")
]
Moment = Annotated[
    str | None,
    Query(
        max_length=40,
        description="ISO 8601; without a zone it is UTC. Not together with `statsPeriod`.",
        json_schema_extra={"format": "date-time"},
    ),
]


class SentryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Sentry's parameters, as sent.

    Attributes:
        line: The search line. None: unresolved issues.
        period: Only issues with an event within it. None or empty: any.
        start: Only issues seen at or after it.
        end: Only issues that existed by then.
    """

    line: str | None = None
    environments: tuple[str, ...] = ()
    period: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    sort: str = "date"


def sent_filter(
    *,
    query: SearchText = None,
    environment: Environments = [],  # noqa: B006 - FastAPI copies defaults
    stats_period: StatsPeriod = None,
    start: Moment = None,
    end: Moment = None,
    sort: Sort = "date",
) -> SentryFilter:
    """Return what was sent. Raises MalformedRequestError: Sentry answers 400."""
    if sort not in SORTS:
        raise MalformedRequestError(f"There is no sort {sort!r}; known are {', '.join(SORTS)}.")
    if stats_period and (start or end):
        raise MalformedRequestError("Give statsPeriod, or start and end, not both.")
    since, until = moment_of("start", start), moment_of("end", end)
    if since and until and since > until:
        raise MalformedRequestError("start is after end.")
    return SentryFilter(
        line=query,
        environments=tuple(filter(None, environment)),
        period=stats_period,
        start=since,
        end=until,
        sort=sort,
    )


Filter = Annotated[SentryFilter, Depends(sent_filter)]


def moment_of(name: str, text: str | None) -> datetime | None:
    """Read a time in ISO 8601. Raises MalformedRequestError."""
    if not text:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        return as_utc(datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text))
    except (ValueError, InvalidInputError):
        raise MalformedRequestError(f"{name}: {text[:40]!r} is no ISO 8601 time, as 2026-11-22T08:00:00Z.") from None


def sentry_query(context: ApiContext, wanted: SentryFilter, *, project_ids: tuple[int, ...]) -> IssueQuery:
    """Return what to look for. Raises MalformedRequestError, NotFoundError."""
    now = context.clock.now()
    try:
        query = parse_query(
            UNRESOLVED if wanted.line is None else wanted.line,
            now=now,
            project_id_of=lambda ref: find_project(context.store, ref).id,
            project_ids=project_ids,
            seen_since=now - parse_period(wanted.period) if wanted.period else wanted.start,
            sort=SORTS[wanted.sort],
        )
    except InvalidInputError as error:
        raise MalformedRequestError(str(error), mend=error.mend) from error
    environments = (Term(field="environment", values=wanted.environments),) if wanted.environments else ()
    return msgspec.structs.replace(query, terms=(*query.terms, *environments), first_seen_until=wanted.end)
