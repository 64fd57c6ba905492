"""Issues: lists, details, changes, tags, hashes."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from naosu.api.answers import documented_answer, json_answer
from naosu.api.auth import Operator, Viewer
from naosu.api.body import documented_body, json_body
from naosu.api.context import ApiContext, context_of
from naosu.api.lookups import find_issue, find_project
from naosu.api.overview import each_issue
from naosu.api.parameters import IssueRef, ProjectRef
from naosu.api.router import documented_router
from naosu.api.sentry.issue_filter import Filter, SearchText, SentryFilter, sentry_query
from naosu.api.sentry.issue_shapes import (
    SentryIssue,
    SentryIssueDetail,
    show_issue_detail,
    show_issues,
    show_tag,
    show_tag_value,
)
from naosu.api.sentry.issue_updates import SentIssueUpdate, change_issue, merge_issues
from naosu.api.sentry.paging import sentry_links, store_cursor
from naosu.api.sentry.parameters import IssueIds, Organization, PerPage, SentryCursor, any_organization
from naosu.api.sentry.project_lookup import project_ids_named
from naosu.domain.errors import NotFoundError
from naosu.domain.issue import Issue

router = documented_router("/api/0", "sentry")

CHANGED_MAX = 1_000
ANY_OBJECT: dict[str, Any] = {"type": "object"}
OBJECTS = {"type": "array", "items": ANY_OBJECT}
ISSUE_EXAMPLE = {
    "id": "12",
    "shortId": "SHOP-12",
    "title": "OperationalError: no such table: <*>",
    "culprit": "load_cart in shop.cart",
    "level": "error",
    "status": "unresolved",
    "count": "431",
    "userCount": 88,
    "firstSeen": "2026-11-20T08:01:12Z",
    "lastSeen": "2026-11-22T00:12:40Z",
    "stats": {"24h": [[1795305600, 18]]},
}
ProjectIds = Annotated[list[str], Query(max_length=100, description="Project ids or slugs; -1: all.")]


def page_of_issues(
    request: Request, wanted: SentryFilter, *, project_ids: tuple[int, ...], cursor: str | None, limit: int
) -> Response:
    """Answer with a page of issues, linked to the next as Sentry does."""
    context = context_of(request)
    query = sentry_query(context, wanted, project_ids=project_ids)
    page = context.store.find_issues(
        query, now=context.clock.now(), limit=limit, cursor=store_cursor(cursor), total_max=1_000
    )
    shown = show_issues(context, page.issues, period="24h" if wanted.period is None else wanted.period)
    return json_answer(shown, headers=sentry_links(request, page.next_cursor, total=page.total))


LISTED = documented_answer(list[SentryIssue], "A page; follow the `Link` header.", [ISSUE_EXAMPLE])


@router.get("/projects/{organization}/{project}/issues/", summary="Issues of a project", responses=LISTED)
def list_project_issues(
    request: Request,
    _: Viewer,
    organization: Organization,
    project: ProjectRef,
    *,
    wanted: Filter,
    cursor: SentryCursor = None,
    limit: PerPage = 100,
) -> Response:
    """Return issues with an event within `statsPeriod` (any); unresolved ones, unless `query` says else."""
    project_ids = (find_project(context_of(request).store, project).id,)
    return page_of_issues(request, wanted, project_ids=project_ids, cursor=cursor, limit=limit)


@router.get("/projects/{project}/issues/", summary="Issues of a project, organization left out", responses=LISTED)
def list_issues_without_organization(
    request: Request,
    identity: Viewer,
    project: ProjectRef,
    *,
    wanted: Filter,
    cursor: SentryCursor = None,
    limit: PerPage = 100,
) -> Response:
    """Return a project's issues: scripts that name only the project work too."""
    return list_project_issues(request, identity, "", project, wanted=wanted, cursor=cursor, limit=limit)


@router.get("/organizations/{organization}/issues/", summary="Issues of all projects", responses=LISTED)
def list_organization_issues(
    request: Request,
    _: Viewer,
    organization: Organization,
    *,
    wanted: Filter,
    project: ProjectIds = [],  # noqa: B006 - FastAPI copies defaults
    cursor: SentryCursor = None,
    limit: PerPage = 100,
) -> Response:
    """Return issues of all projects, or of those named."""
    project_ids = tuple(project_ids_named(context_of(request).store, project))
    return page_of_issues(request, wanted, project_ids=project_ids, cursor=cursor, limit=limit)


def chosen_issues(
    context: ApiContext, ids: Sequence[int], *, query: str | None, status: str | None, project_ids: tuple[int, ...]
) -> list[Issue]:
    """Return the issues that a bulk change is for: those named, or all that match. Raises NotFoundError."""
    if ids:
        named = list({one.id: one for one in map(context.store.get_issue, dict.fromkeys(ids))}.values())
        if outside := [one.short_id for one in named if project_ids and one.project_id not in project_ids]:
            raise NotFoundError(f"{outside[0]} is not in this project.")
        return named
    line = query if query is not None else f"is:{status}" if status else ""
    wanted = sentry_query(context, SentryFilter(line=line), project_ids=project_ids)
    found: list[Issue] = []
    for issue in each_issue(context.store, wanted, now=context.clock.now()):
        if len(found) >= CHANGED_MAX:
            break
        found.append(issue)
    return found


def change_issues(context: ApiContext, issues: Sequence[Issue], sent: SentIssueUpdate) -> Response:
    """Change or merge issues, and answer with what they have in common now."""
    if sent.merge:
        return json_answer(merge_issues(context.store, issues))
    for issue in issues:
        change_issue(context.store, issue, sent, now=context.clock.now())
    details = sent.status_details
    status = {"resolvedInNextRelease": "resolved", "muted": "ignored"}.get(sent.status or "", sent.status)
    answer: dict[str, Any] = {} if status is None else {"status": status, "statusDetails": details or {}}
    return json_answer(answer)


BULK_ANSWER = documented_answer(ANY_OBJECT, "What they have in common now.", {"status": "resolved"})
BULK_BODY = documented_body(SentIssueUpdate, {"status": "resolved"})
IssueStatusWord = Annotated[str | None, Query(pattern="^(resolved|unresolved|muted|ignored)$")]
Update = Annotated[SentIssueUpdate, Depends(json_body(SentIssueUpdate))]


@router.put(
    "/projects/{organization}/{project}/issues/",
    summary="Change issues of a project",
    responses=BULK_ANSWER,
    openapi_extra=BULK_BODY,
)
def put_project_issues(
    request: Request,
    _: Operator,
    organization: Organization,
    project: ProjectRef,
    sent: Update,
    *,
    id: IssueIds = [],  # noqa: B006 - Sentry's name; FastAPI copies defaults
    query: SearchText = None,
    status: IssueStatusWord = None,
) -> Response:
    """Change the issues named by `id`, or all that match, up to 1,000."""
    context = context_of(request)
    project_ids = (find_project(context.store, project).id,)
    issues = chosen_issues(context, id, query=query, status=status, project_ids=project_ids)
    return change_issues(context, issues, sent)


@router.put(
    "/organizations/{organization}/issues/", summary="Change issues", responses=BULK_ANSWER, openapi_extra=BULK_BODY
)
def put_organization_issues(
    request: Request,
    _: Operator,
    organization: Organization,
    sent: Update,
    *,
    id: IssueIds = [],  # noqa: B006 - Sentry's name; FastAPI copies defaults
    query: SearchText = None,
    status: IssueStatusWord = None,
) -> Response:
    """Change the issues named by `id`, or all that match, up to 1,000."""
    context = context_of(request)
    return change_issues(context, chosen_issues(context, id, query=query, status=status, project_ids=()), sent)


def get_issue(request: Request, _: Viewer, issue: IssueRef) -> Response:
    """Return one issue by id or short id."""
    context = context_of(request)
    return json_answer(show_issue_detail(context, find_issue(context.store, issue)))


def put_issue(request: Request, _: Operator, issue: IssueRef, sent: Update) -> Response:
    """Change one issue's status."""
    context = context_of(request)
    found = find_issue(context.store, issue)
    changed = change_issue(context.store, found, sent, now=context.clock.now())
    return json_answer(show_issue_detail(context, changed))


def list_hashes(request: Request, _: Viewer, issue: IssueRef) -> Response:
    """Return the fingerprints that are merged in an issue."""
    store = context_of(request).store
    found = store.list_fingerprints(find_issue(store, issue).id)
    shown = [
        {"id": one.fingerprint, "title": one.title, "count": one.event_count, "firstSeen": one.first_seen_at}
        for one in found
    ]
    return json_answer(shown, headers=sentry_links(request, None))


def list_tags(request: Request, _: Viewer, issue: IssueRef) -> Response:
    """Return an issue's tags with their most frequent values."""
    store = context_of(request).store
    tags = store.list_tags(find_issue(store, issue).id)
    return json_answer([show_tag(key, values, top=True) for key, values in tags.items()])


def get_tag(request: Request, _: Viewer, issue: IssueRef, key: str) -> Response:
    """Return one tag with its most frequent values."""
    return json_answer(show_tag(key, tag_values(request, issue, key), top=True))


def list_tag_values(request: Request, _: Viewer, issue: IssueRef, key: str) -> Response:
    """Return the values of one tag, the most frequent first."""
    shown = [show_tag_value(value) for value in tag_values(request, issue, key)]
    return json_answer(shown, headers=sentry_links(request, None))


def tag_values(request: Request, issue: str, key: str) -> list[Any]:
    """Return the values of a tag. Raises NotFoundError when the issue has no such tag."""
    store = context_of(request).store
    tags = store.list_tags(find_issue(store, issue).id, values_max=100)
    if key not in tags:
        raise NotFoundError(f"No tag {key[:100]} on this issue.")
    return tags[key]


def add_issue_routes(target: APIRouter, prefix: str) -> None:
    """Serve single issues under a prefix: Sentry has them under two."""
    detail = documented_answer(SentryIssueDetail, "The issue.", ISSUE_EXAMPLE)
    update = documented_body(SentIssueUpdate, {"status": "resolved"})
    extra = any_organization(prefix)
    target.add_api_route(f"{prefix}/", get_issue, summary="An issue", responses=detail, dependencies=extra)
    target.add_api_route(
        f"{prefix}/",
        put_issue,
        methods=["PUT"],
        summary="Change an issue",
        responses=detail,
        openapi_extra=update,
        dependencies=extra,
    )
    for path, handler, summary, shape in (
        ("hashes", list_hashes, "Fingerprints", OBJECTS),
        ("tags", list_tags, "Tags", OBJECTS),
        ("tags/{key}", get_tag, "A tag", ANY_OBJECT),
        ("tags/{key}/values", list_tag_values, "Values of a tag", OBJECTS),
    ):
        answer = documented_answer(shape, "As of now.")
        target.add_api_route(f"{prefix}/{path}/", handler, summary=summary, responses=answer, dependencies=extra)


add_issue_routes(router, "/issues/{issue}")
add_issue_routes(router, "/organizations/{organization}/issues/{issue}")
