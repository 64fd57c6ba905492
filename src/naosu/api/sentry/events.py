"""Events of a project or an issue."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from naosu.api.answers import documented_answer, json_answer
from naosu.api.auth import Viewer
from naosu.api.context import ApiContext, context_of
from naosu.api.lookups import event_id_of, find_issue, find_project
from naosu.api.parameters import EventId, IssueRef, ProjectRef
from naosu.api.router import documented_router
from naosu.api.sentry.event_shapes import SentryEventLine, show_event, show_event_line
from naosu.api.sentry.paging import sentry_links, store_cursor
from naosu.api.sentry.parameters import Organization, PerPage, SentryCursor, any_organization
from naosu.domain.errors import NotFoundError
from naosu.ports.store.issues import StoredEvent

router = documented_router("/api/0", "sentry")

LINES = documented_answer(list[SentryEventLine], "Newest first; follow the `Link` header.")
WHOLE: dict[int | str, dict[str, Any]] = documented_answer(
    {"type": "object"}, "The event in full.", {"eventID": "9ec79c33ec9942ab8353589fcb2e04dc", "entries": []}
)


def answer_event(context: ApiContext, stored: StoredEvent) -> Response:
    """Answer with an event in full."""
    return json_answer(show_event(stored, context.store.get_issue(stored.issue_id)))


@router.get("/projects/{organization}/{project}/events/", summary="Events of a project", responses=LINES)
def list_project_events(
    request: Request,
    _: Viewer,
    organization: Organization,
    project: ProjectRef,
    *,
    cursor: SentryCursor = None,
    per_page: PerPage = 100,
) -> Response:
    """Return a project's events, newest first."""
    store = context_of(request).store
    project_id = find_project(store, project).id
    page = store.list_events(project_id=project_id, limit=per_page, cursor=store_cursor(cursor))
    headers = sentry_links(request, page.next_cursor)
    return json_answer([show_event_line(line) for line in page.events], headers=headers)


@router.get("/projects/{organization}/{project}/events/{event_id}/", summary="An event", responses=WHOLE)
def get_project_event(
    request: Request, _: Viewer, organization: Organization, project: ProjectRef, event_id: EventId
) -> Response:
    """Return one event in full."""
    context = context_of(request)
    project_id = find_project(context.store, project).id
    return answer_event(context, context.store.get_event(event_id_of(event_id), project_id=project_id))


@router.get(
    "/organizations/{organization}/eventids/{event_id}/",
    summary="Where is this event?",
    responses=documented_answer({"type": "object"}, "Its project and issue."),
)
def get_event_place(request: Request, _: Viewer, organization: Organization, event_id: EventId) -> Response:
    """Say which project and issue an event belongs to."""
    context = context_of(request)
    stored = context.store.get_event(event_id_of(event_id))
    issue = context.store.get_issue(stored.issue_id)
    return json_answer(
        {
            "organizationSlug": context.settings.organization_slug,
            "projectSlug": issue.project_slug,
            "groupId": str(issue.id),
            "eventId": stored.event.event_id,
            "event": show_event(stored, issue),
        }
    )


def list_issue_events(
    request: Request,
    _: Viewer,
    issue: IssueRef,
    *,
    full: Annotated[bool, Query(description="Events in full, at most 20 of them.")] = False,
    cursor: SentryCursor = None,
    per_page: PerPage = 100,
) -> Response:
    """Return an issue's kept events, newest first."""
    store = context_of(request).store
    found = find_issue(store, issue)
    limit = min(per_page, 20) if full else per_page
    page = store.list_events(issue_id=found.id, limit=limit, cursor=store_cursor(cursor))
    headers = sentry_links(request, page.next_cursor)
    if full:
        stored = [store.get_event(line.event_id, project_id=line.project_id) for line in page.events]
        return json_answer([show_event(one, found) for one in stored], headers=headers)
    shown = [show_event_line(line, culprit=found.culprit, platform=found.platform) for line in page.events]
    return json_answer(shown, headers=headers)


def get_issue_event(
    request: Request,
    _: Viewer,
    issue: IssueRef,
    event_id: str,
) -> Response:
    """Return an issue's ``latest``, ``oldest`` or ``recommended`` (the latest) event, or one of its events by id."""
    context = context_of(request)
    found = find_issue(context.store, issue)
    if event_id in ("latest", "recommended"):
        return answer_event(context, context.store.latest_event(found.id))
    if event_id == "oldest":
        return answer_event(context, context.store.oldest_event(found.id))
    stored = context.store.get_event(event_id_of(event_id), project_id=found.project_id)
    if stored.issue_id != found.id:
        raise NotFoundError(f"{found.short_id} has no event {event_id[:40]}.")
    return answer_event(context, stored)


def add_event_routes(target: APIRouter, prefix: str) -> None:
    """Serve an issue's events under a prefix: Sentry has them under two."""
    extra = any_organization(prefix)
    target.add_api_route(
        f"{prefix}/events/", list_issue_events, summary="Events of an issue", responses=LINES, dependencies=extra
    )
    target.add_api_route(
        f"{prefix}/events/{{event_id}}/",
        get_issue_event,
        summary="An event of an issue",
        responses=WHOLE,
        dependencies=extra,
    )


add_event_routes(router, "/issues/{issue}")
add_event_routes(router, "/organizations/{organization}/issues/{issue}")
