"""Issues: found, read, and moved through their life."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from fastapi import Depends, Query, Request, Response

from naosu.api.answers import documented_answer, json_answer, page_links
from naosu.api.auth import Operator, Viewer
from naosu.api.body import documented_body, json_body
from naosu.api.context import ApiContext, context_of
from naosu.api.issue_changes import IssueMute, IssueResolve, mute_issue, resolve_issue
from naosu.api.lookups import find_issue, find_project, project_id_of
from naosu.api.parameters import Cursor, IssueRef, Limit, Period, ProjectFilter
from naosu.api.router import documented_router
from naosu.api.v1.views import ISSUE_EXAMPLE, IssueView, view_issue
from naosu.api.verdict_text import verdict_text
from naosu.domain.errors import NotFoundError
from naosu.domain.fingerprint import Grouping, GroupingPart
from naosu.domain.issue import FingerprintInfo, Issue, TagValue
from naosu.domain.issue_query import IssueQuery, IssueSort, parse_query
from naosu.domain.period import parse_period
from naosu.group import explain
from naosu.ports.store import Store
from naosu.ports.store.issues import EventLine, HourCount

router = documented_router("/api/v1/issues", "issues")

HOURLY_PERIOD_MAX = timedelta(days=90)
ONE_ISSUE = documented_answer(IssueView, "The issue as it is now.", ISSUE_EXAMPLE)
SearchLine = Annotated[
    str,
    Query(
        max_length=1_000,
        description='`is:unresolved level:[error,fatal] !release:1.2 user.id:7 tag:value "free text"`',
        examples=["is:unresolved level:error category:DATABASE"],
    ),
]


class IssuePageView(msgspec.Struct, frozen=True, kw_only=True):
    """A page of issues; `total` counts all that match, up to 10,000."""

    items: tuple[IssueView, ...]
    next_cursor: str | None
    total: int


class ExplainedFingerprint(msgspec.Struct, frozen=True, kw_only=True):
    """One fingerprint of an issue, and all that went into it or was left out on purpose."""

    fingerprint: str
    title: str
    event_count: int
    first_seen_at: datetime
    parts: tuple[GroupingPart, ...]


class VerdictText(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of fault an issue is, in words; `action` says what to do."""

    title: str
    description: str
    action: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why the events of an issue are together, in words and in parts, and what kind of fault they are.

    Attributes:
        verdict: None: no rule decided, or its pack says nothing.
    """

    short_id: str
    verdict: VerdictText | None
    sentences: tuple[str, ...]
    fingerprints: tuple[ExplainedFingerprint, ...]


class EventPageView(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events, newest first."""

    items: tuple[EventLine, ...]
    next_cursor: str | None


class Merge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Issues, by id or short id, to merge into the one addressed."""

    issues: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)]


class Split(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fingerprints to move to a new issue."""

    fingerprints: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)]


def search_issues(
    context: ApiContext, line: str, *, project: str | None, sort: IssueSort, seen_within: str | None = None
) -> IssueQuery:
    """Parse a search line as the list's parameters refine it. Raises InvalidInputError, NotFoundError."""
    now = context.clock.now()
    project_id = project_id_of(context.store, project)
    return parse_query(
        line,
        now=now,
        project_id_of=lambda ref: find_project(context.store, ref).id,
        project_ids=() if project_id is None else (project_id,),
        seen_since=now - parse_period(seen_within) if seen_within else None,
        sort=sort,
    )


def explain_fingerprint(info: FingerprintInfo) -> ExplainedFingerprint:
    """Decode the parts that were stored with a fingerprint."""
    parts = msgspec.json.decode(info.parts_json, type=tuple[GroupingPart, ...]) if info.parts_json else ()
    return ExplainedFingerprint(
        fingerprint=info.fingerprint,
        title=info.title,
        event_count=info.event_count,
        first_seen_at=info.first_seen_at,
        parts=parts,
    )


def explain_in_words(fingerprints: list[ExplainedFingerprint], language: str) -> tuple[str, ...]:
    """Say in sentences why these events are together: what counts, then what was left out on purpose."""
    sentences: list[str] = []
    for one in fingerprints:
        grouping = Grouping(fingerprint=one.fingerprint, title=one.title, culprit="", parts=one.parts)
        sentences += explain(grouping, language)
    return tuple(dict.fromkeys(sentences))


def explain_verdict(store: Store, issue: Issue, language: str) -> VerdictText | None:
    """Return what the packs say of an issue, filled from its newest kept event."""
    try:
        stored = store.latest_event(issue.id)
    except NotFoundError:
        stored = None
    verdict = stored.classification if stored else issue.classification
    text = verdict_text(verdict.rule_id, language, stored=stored)
    if text is None:
        return None
    return VerdictText(title=text.title, description=text.description, action=text.action)


@router.get(
    "",
    summary="Search issues",
    responses=documented_answer(
        IssuePageView, "A page.", {"items": [ISSUE_EXAMPLE], "next_cursor": "eyJ…", "total": 431}
    ),
)
def list_issues(
    request: Request,
    _: Viewer,
    *,
    query: SearchLine = "",
    project: ProjectFilter = None,
    sort: IssueSort = IssueSort.LAST_SEEN,
    seen_within: Annotated[Period | None, Query(description="Only issues with an event within this period.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Return issues that match a search line."""
    context = context_of(request)
    wanted = search_issues(context, query, project=project, sort=sort, seen_within=seen_within)
    page = context.store.find_issues(wanted, now=context.clock.now(), limit=limit, cursor=cursor)
    items = tuple(view_issue(issue, context.public_url) for issue in page.issues)
    view = IssuePageView(items=items, next_cursor=page.next_cursor, total=page.total)
    return json_answer(view, headers=page_links(request, page.next_cursor))


@router.get("/{issue}", summary="Get an issue", responses=ONE_ISSUE)
def get_issue(request: Request, _: Viewer, issue: IssueRef) -> Response:
    """Return one issue by id (`12`) or short id (`SHOP-12`)."""
    context = context_of(request)
    return json_answer(view_issue(find_issue(context.store, issue), context.public_url))


@router.post(
    "/{issue}/resolve",
    summary="Resolve an issue",
    responses=ONE_ISSUE,
    openapi_extra=documented_body(IssueResolve, {"in_release": "shop@1.3"}, required=False),
)
def post_resolve(
    request: Request,
    _: Operator,
    issue: IssueRef,
    wanted: Annotated[IssueResolve, Depends(json_body(IssueResolve, default=b"{}"))],
) -> Response:
    """It counts as fixed now, from a release on (`in_release`), or in the next release (`in_next`)."""
    context = context_of(request)
    found = find_issue(context.store, issue)
    changed = resolve_issue(context.store, found.id, wanted, now=context.clock.now())
    return json_answer(view_issue(changed, context.public_url))


@router.post(
    "/{issue}/mute",
    summary="Mute an issue",
    responses=ONE_ISSUE,
    openapi_extra=documented_body(IssueMute, {"for_minutes": 60}, required=False),
)
def post_mute(
    request: Request,
    _: Operator,
    issue: IssueRef,
    wanted: Annotated[IssueMute, Depends(json_body(IssueMute, default=b"{}"))],
) -> Response:
    """Be silent about it `until` a time, `for_minutes`, or until so many more `events`; with none, until opened."""
    context = context_of(request)
    found = find_issue(context.store, issue)
    changed = mute_issue(context.store, found.id, wanted, now=context.clock.now())
    return json_answer(view_issue(changed, context.public_url))


@router.post("/{issue}/open", summary="Open an issue again", responses=ONE_ISSUE)
def post_open(request: Request, _: Operator, issue: IssueRef) -> Response:
    """It is neither resolved nor muted any more."""
    context = context_of(request)
    found = find_issue(context.store, issue)
    return json_answer(view_issue(context.store.open_issue(found.id), context.public_url))


@router.post(
    "/{issue}/merge",
    summary="Merge issues into this one",
    responses=ONE_ISSUE,
    openapi_extra=documented_body(Merge, {"issues": ["SHOP-13", "SHOP-20"]}),
)
def post_merge(
    request: Request, _: Operator, issue: IssueRef, wanted: Annotated[Merge, Depends(json_body(Merge))]
) -> Response:
    """Move all events and fingerprints of other issues here, for good and for the future."""
    context = context_of(request)
    target = find_issue(context.store, issue)
    source_ids = list(dict.fromkeys(find_issue(context.store, ref).id for ref in wanted.issues))
    merged = context.store.merge_issues(target.id, source_ids)
    return json_answer(view_issue(merged, context.public_url))


@router.post(
    "/{issue}/split",
    summary="Split fingerprints off into a new issue",
    responses=documented_answer(IssueView, "The new issue.", ISSUE_EXAMPLE),
    openapi_extra=documented_body(Split, {"fingerprints": ["v1:0123456789abcdef0123456789abcdef"]}),
)
def post_split(
    request: Request, _: Operator, issue: IssueRef, wanted: Annotated[Split, Depends(json_body(Split))]
) -> Response:
    """Move these fingerprints, and the events under them, to a new issue, which is returned."""
    context = context_of(request)
    found = find_issue(context.store, issue)
    new = context.store.split_issue(found.id, wanted.fingerprints, now=context.clock.now())
    return json_answer(view_issue(new, context.public_url))


@router.get("/{issue}/explain", summary="Why are these together?", responses=documented_answer(Explanation, "Why."))
def get_explanation(
    request: Request, _: Viewer, issue: IssueRef, language: Literal["en", "ja", "fr"] = "en"
) -> Response:
    """Say in words, and part by part, why the events of this issue are together."""
    context = context_of(request)
    found = find_issue(context.store, issue)
    fingerprints = [explain_fingerprint(info) for info in context.store.list_fingerprints(found.id)]
    sentences = explain_in_words(fingerprints, language)
    explanation = Explanation(
        short_id=found.short_id,
        verdict=explain_verdict(context.store, found, language),
        sentences=sentences,
        fingerprints=tuple(fingerprints),
    )
    return json_answer(explanation)


@router.get(
    "/{issue}/tags",
    summary="Tag values of an issue",
    responses=documented_answer(
        {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "object"}}},
        "Values by key, the most frequent first.",
        {"release": [{"key": "release", "value": "shop@1.2", "count": 40, "last_seen_at": "2026-11-22T00:12:40Z"}]},
    ),
)
def get_tags(
    request: Request, _: Viewer, issue: IssueRef, values_max: Annotated[int, Query(ge=1, le=100)] = 10
) -> Response:
    """Return tag values by key, release, environment and user included."""
    store = context_of(request).store
    return json_answer(store.list_tags(find_issue(store, issue).id, values_max=values_max))


@router.get("/{issue}/hours", summary="Events per hour", responses=documented_answer(list[HourCount], "By hour."))
def get_hours(request: Request, _: Viewer, issue: IssueRef, period: Period = "24h") -> Response:
    """Return events per hour, at most 90 days back; hours without events are absent."""
    context = context_of(request)
    found = find_issue(context.store, issue)
    since = context.clock.now() - min(parse_period(period), HOURLY_PERIOD_MAX)
    return json_answer(context.store.hourly_counts([found.id], since=since).get(found.id, []))


@router.get(
    "/{issue}/callers", summary="Paths to the crash site", responses=documented_answer(list[TagValue], "Paths.")
)
def get_callers(request: Request, _: Viewer, issue: IssueRef, limit: Limit = 20) -> Response:
    """Return the in-app paths by which the crash site was reached, the most frequent first."""
    store = context_of(request).store
    return json_answer(store.callers(find_issue(store, issue).id, limit=limit))


@router.get("/{issue}/events", summary="Events of an issue", responses=documented_answer(EventPageView, "A page."))
def get_issue_events(
    request: Request, _: Viewer, issue: IssueRef, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Return kept events of an issue, newest first."""
    store = context_of(request).store
    page = store.list_events(issue_id=find_issue(store, issue).id, limit=limit, cursor=cursor)
    view = EventPageView(items=page.events, next_cursor=page.next_cursor)
    return json_answer(view, headers=page_links(request, page.next_cursor))
