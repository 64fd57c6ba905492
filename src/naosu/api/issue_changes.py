"""Resolving and muting, as both APIs and the screens ask for it."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from naosu.api.moments import as_utc
from naosu.domain.errors import InvalidInputError
from naosu.domain.issue import Issue
from naosu.ports.store import Store

MINUTES_MAX = 366 * 24 * 60
EVENTS_MAX = 10**9


class IssueResolve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when on an issue counts as fixed; neither field: from now on."""

    in_release: Annotated[str, Meta(max_length=250)] = ""
    in_next: bool = False


class IssueMute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long to be silent; no field: until opened by hand."""

    until: Annotated[datetime, Meta(tz=True)] | None = None
    for_minutes: Annotated[int, Meta(ge=1, le=MINUTES_MAX)] | None = None
    events: Annotated[int, Meta(ge=1, le=EVENTS_MAX)] | None = None


def mute_until(wanted: IssueMute, *, now: datetime) -> datetime | None:
    """Return when a mute ends. None: not by time. Raises InvalidInputError."""
    if wanted.until is not None and wanted.for_minutes is not None:
        raise InvalidInputError("Give either until or for_minutes.")
    if wanted.for_minutes is not None:
        return now + timedelta(minutes=wanted.for_minutes)
    until = as_utc(wanted.until)
    if until is not None and until <= now:
        raise InvalidInputError("until is in the past.")
    return until


def mute_issue(store: Store, issue_id: int, wanted: IssueMute, *, now: datetime) -> Issue:
    """Mute an issue. Raises InvalidInputError, NotFoundError."""
    return store.mute_issue(issue_id, until=mute_until(wanted, now=now), more_events=wanted.events)


def resolve_issue(store: Store, issue_id: int, wanted: IssueResolve, *, now: datetime) -> Issue:
    """Resolve an issue. Raises InvalidInputError, NotFoundError."""
    if wanted.in_release and wanted.in_next:
        raise InvalidInputError("Give either in_release or in_next.")
    return store.resolve_issue(issue_id, now=now, in_release=wanted.in_release, in_next=wanted.in_next)
