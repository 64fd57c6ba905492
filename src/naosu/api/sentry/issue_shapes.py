"""Issues as Sentry names their fields."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from naosu.api.context import ApiContext
from naosu.domain.classification import Severity
from naosu.domain.issue import Issue, IssueStatus, TagValue
from naosu.domain.period import parse_period
from naosu.domain.project import Project
from naosu.ports.store.issues import HourCount

HOURLY_UP_TO = timedelta(hours=72)
STATS_MAX = timedelta(days=90)
NEW_FOR = timedelta(days=7)
HOUR_S = 3_600
DAY_S = 86_400

STATUS_NAMES = {IssueStatus.OPEN: "unresolved", IssueStatus.RESOLVED: "resolved", IssueStatus.MUTED: "ignored"}
PRIORITY_NAMES = {Severity.CRITICAL: "high", Severity.HIGH: "high", Severity.MEDIUM: "medium", Severity.LOW: "low"}


class SentryIssueProject(msgspec.Struct, frozen=True, kw_only=True):
    """The project of an issue."""

    id: str
    slug: str
    name: str
    platform: str | None


class SentryIssue(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An issue. `count` is a string, as in Sentry; `stats` holds ``[[seconds since 1970, events], …]`` by period."""

    id: str
    short_id: str
    title: str
    culprit: str
    permalink: str
    level: str
    status: str
    status_details: dict[str, Any]
    substatus: str | None
    platform: str
    project: SentryIssueProject
    type: str
    metadata: dict[str, Any]
    count: str
    user_count: int
    first_seen: datetime
    last_seen: datetime
    is_unhandled: bool
    priority: str
    stats: dict[str, list[tuple[int, int]]]
    share_id: None = None
    logger: str | None = None
    is_public: bool = False
    has_seen: bool = True
    is_bookmarked: bool = False
    is_subscribed: bool = False
    subscription_details: None = None
    assigned_to: None = None
    num_comments: int = 0
    annotations: tuple[Any, ...] = ()
    issue_type: str = "error"
    issue_category: str = "error"


class SentryIssueDetail(SentryIssue, frozen=True, kw_only=True, rename="camel"):
    """An issue by itself: its releases and tags too."""

    first_release: dict[str, Any] | None
    last_release: dict[str, Any] | None
    tags: tuple[dict[str, Any], ...]
    activity: tuple[Any, ...] = ()
    seen_by: tuple[Any, ...] = ()
    participants: tuple[Any, ...] = ()
    user_report_count: int = 0
    plugin_actions: tuple[Any, ...] = ()
    plugin_issues: tuple[Any, ...] = ()


def status_details(issue: Issue) -> dict[str, Any]:
    """Return how an issue is resolved or ignored, in Sentry's names."""
    if issue.status is IssueStatus.RESOLVED:
        if issue.resolved_in_next:
            return {"inNextRelease": True}
        return {"inRelease": issue.resolved_in_release} if issue.resolved_in_release else {}
    if issue.status is IssueStatus.MUTED:
        details: dict[str, Any] = {}
        if issue.muted_until is not None:
            details["ignoreUntil"] = issue.muted_until
        if issue.mute_events_left is not None:
            details["ignoreCount"] = issue.mute_events_left
        return details
    return {}


def substatus(issue: Issue, *, now: datetime) -> str | None:
    """Return Sentry's finer status. None: resolved."""
    if issue.status is IssueStatus.RESOLVED:
        return None
    if issue.status is IssueStatus.MUTED:
        for_ever = issue.muted_until is None and issue.mute_events_left is None
        return "archived_forever" if for_ever else "archived_until_condition_met"
    if issue.regressed_at is not None:
        return "regressed"
    return "new" if now - issue.first_seen_at < NEW_FOR else "ongoing"


def metadata_of(title: str) -> dict[str, str]:
    """Return type and value as titles join them: ``KeyError: 'cart'``."""
    kind, colon, value = title.partition(": ")
    is_type = bool(colon) and " " not in kind
    return {"title": title, "type": kind, "value": value} if is_type else {"title": title}


def stats_since(period: str, *, now: datetime) -> tuple[datetime, int]:
    """Return where the stats of a period begin, and the seconds of one bucket: an hour, or a day for long ones."""
    length = min(parse_period(period), STATS_MAX)
    bucket_s = HOUR_S if length <= HOURLY_UP_TO else DAY_S
    end_s = int(now.timestamp()) // bucket_s * bucket_s
    count = max(1, int(length.total_seconds()) // bucket_s)
    return datetime.fromtimestamp(end_s - (count - 1) * bucket_s, tz=UTC), bucket_s


def buckets(counts: Sequence[HourCount], *, since: datetime, bucket_s: int, now: datetime) -> list[tuple[int, int]]:
    """Return every bucket from `since` to now with its events, 0 included."""
    start_s = int(since.timestamp())
    filled = dict.fromkeys(range(start_s, int(now.timestamp()) + 1, bucket_s), 0)
    for one in counts:
        at_s = start_s + (int(one.hour.timestamp()) - start_s) // bucket_s * bucket_s
        if at_s in filled:
            filled[at_s] += one.count
    return list(filled.items())


def stats_of_issues(context: ApiContext, issue_ids: Sequence[int], period: str) -> dict[int, list[tuple[int, int]]]:
    """Return the buckets of each issue over a period."""
    now = context.clock.now()
    since, bucket_s = stats_since(period, now=now)
    counts = context.store.hourly_counts(issue_ids, since=since)
    return {
        issue_id: buckets(counts.get(issue_id, []), since=since, bucket_s=bucket_s, now=now) for issue_id in issue_ids
    }


def issue_fields(
    issue: Issue, project: Project, *, stats: Mapping[str, list[tuple[int, int]]], public_url: str, now: datetime
) -> dict[str, Any]:
    """Return the fields that list and detail share."""
    return {
        "id": str(issue.id),
        "short_id": issue.short_id,
        "title": issue.title,
        "culprit": issue.culprit,
        "permalink": f"{public_url}/issues/{issue.short_id}",
        "level": issue.level.value,
        "status": STATUS_NAMES[issue.status],
        "status_details": status_details(issue),
        "substatus": substatus(issue, now=now),
        "platform": issue.platform,
        "project": SentryIssueProject(
            id=str(project.id), slug=project.slug, name=project.name, platform=project.platform or issue.platform
        ),
        "type": "error",
        "metadata": metadata_of(issue.title),
        "count": str(issue.event_count),
        "user_count": issue.user_count,
        "first_seen": issue.first_seen_at,
        "last_seen": issue.last_seen_at,
        "is_unhandled": issue.handled is False,
        "priority": PRIORITY_NAMES[issue.classification.severity],
        "stats": dict(stats),
    }


def show_tag(key: str, values: Sequence[TagValue], *, top: bool = False) -> dict[str, Any]:
    """Show a tag's key with its values."""
    shown: dict[str, Any] = {"key": key, "name": key, "totalValues": sum(one.count for one in values)}
    if top:
        shown["uniqueValues"] = len(values)
        shown["topValues"] = [show_tag_value(one) for one in values]
    return shown


def show_tag_value(value: TagValue) -> dict[str, Any]:
    """Show one value of a tag."""
    return {
        "key": value.key,
        "name": value.value,
        "value": value.value,
        "count": value.count,
        "lastSeen": value.last_seen_at,
        "firstSeen": None,
    }


def show_issues(context: ApiContext, issues: Sequence[Issue], *, period: str) -> list[SentryIssue]:
    """Show a page of issues with their stats over a period; an empty period asks for none."""
    now = context.clock.now()
    projects = {project.id: project for project in context.store.list_projects()}
    by_issue = stats_of_issues(context, [issue.id for issue in issues], period) if period and issues else {}
    return [
        SentryIssue(
            **issue_fields(
                issue,
                projects[issue.project_id],
                stats={period: by_issue[issue.id]} if issue.id in by_issue else {},
                public_url=context.public_url,
                now=now,
            )
        )
        for issue in issues
    ]


def show_issue_detail(context: ApiContext, issue: Issue) -> SentryIssueDetail:
    """Show one issue with its releases, tags, and stats of a day and a month."""
    store = context.store
    stats = {period: stats_of_issues(context, [issue.id], period)[issue.id] for period in ("24h", "30d")}
    fields = issue_fields(
        issue,
        store.get_project(issue.project_id),
        stats=stats,
        public_url=context.public_url,
        now=context.clock.now(),
    )
    return SentryIssueDetail(
        **fields,
        first_release={"version": issue.first_release} if issue.first_release else None,
        last_release={"version": issue.last_release} if issue.last_release else None,
        tags=tuple(show_tag(key, values) for key, values in store.list_tags(issue.id).items()),
    )
