"""Changing issues as Sentry's clients ask for it: a status with details, or a merge."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from naosu.api.issue_changes import EVENTS_MAX, MINUTES_MAX, IssueMute, IssueResolve, mute_issue, resolve_issue
from naosu.domain.errors import InvalidInputError
from naosu.domain.issue import Issue
from naosu.ports.store import Store


class SentStatusDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How to resolve or ignore; other fields are ignored."""

    in_next_release: bool | None = None
    in_release: Annotated[str, Meta(max_length=250)] | None = None
    ignore_duration: Annotated[int, Meta(ge=1, le=MINUTES_MAX)] | None = None
    ignore_count: Annotated[int, Meta(ge=1, le=EVENTS_MAX)] | None = None
    ignore_until: Annotated[datetime, Meta(tz=True)] | None = None


class SentIssueUpdate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What to change of issues; fields that mean nothing here (assignee, bookmarks) are ignored."""

    status: Literal["resolved", "unresolved", "ignored", "muted", "resolvedInNextRelease", "reprocessing"] | None = None
    status_details: SentStatusDetails | None = None
    merge: int | bool | None = None


def change_issue(store: Store, issue: Issue, sent: SentIssueUpdate, *, now: datetime) -> Issue:
    """Give one issue the status that was sent. Raises InvalidInputError."""
    details = sent.status_details or SentStatusDetails()
    if sent.status == "unresolved":
        return store.open_issue(issue.id)
    if sent.status == "resolvedInNextRelease":
        return resolve_issue(store, issue.id, IssueResolve(in_next=True), now=now)
    if sent.status == "resolved":
        wanted = resolve_wanted(issue, details)
        return resolve_issue(store, issue.id, wanted, now=now)
    if sent.status in ("ignored", "muted"):
        mute = IssueMute(until=details.ignore_until, for_minutes=details.ignore_duration, events=details.ignore_count)
        return mute_issue(store, issue.id, mute, now=now)
    if sent.status is not None:
        raise InvalidInputError(f"The status {sent.status} means nothing here.")
    return issue


def resolve_wanted(issue: Issue, details: SentStatusDetails) -> IssueResolve:
    """Return from when on it counts as fixed; ``latest`` names the release in which it was last seen."""
    if details.in_release:
        version = issue.last_release if details.in_release == "latest" else details.in_release
        return IssueResolve(in_release=version)
    return IssueResolve(in_next=bool(details.in_next_release))


def merge_issues(store: Store, issues: Sequence[Issue]) -> dict[str, Any]:
    """Merge issues into the one with most events, and answer as Sentry does. Raises InvalidInputError."""
    if len(issues) < 2:  # noqa: PLR2004 - a merge joins two or more
        raise InvalidInputError("Name two issues or more to merge.")
    target = max(issues, key=lambda issue: (issue.event_count, -issue.id))
    sources = [issue.id for issue in issues if issue.id != target.id]
    store.merge_issues(target.id, sources)
    return {"merge": {"parent": str(target.id), "children": [str(source) for source in sources]}}
