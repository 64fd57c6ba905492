"""Events: single occurrences."""

from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from fastapi import Query, Request, Response

from naosu.api.answers import documented_answer, json_answer, page_links
from naosu.api.auth import Viewer
from naosu.api.context import context_of
from naosu.api.lookups import event_id_of, find_issue, project_id_of
from naosu.api.parameters import Cursor, EventId, Id, IssueFilter, Limit, ProjectFilter
from naosu.api.router import documented_router
from naosu.api.v1.event_view import EventView, render_markdown, view_event
from naosu.api.v1.issues import EventPageView
from naosu.domain.errors import NotFoundError
from naosu.domain.telemetry import Attachment

router = documented_router("/api/v1/events", "events")

MARKDOWN = "text/markdown; charset=utf-8"


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with an event; its content is under `url`."""

    number: int
    filename: str
    content_type: str
    kind: str
    body_bytes: int
    url: str


def view_attachment(attachment: Attachment, number: int) -> AttachmentView:
    """Show an attachment without its content."""
    return AttachmentView(
        number=number,
        filename=attachment.filename,
        content_type=attachment.content_type,
        kind=attachment.kind,
        body_bytes=len(attachment.body),
        url=f"/api/v1/events/{attachment.event_id}/attachments/{number}",
    )


@router.get("", summary="List events", responses=documented_answer(EventPageView, "A page, newest first."))
def list_events(
    request: Request,
    _: Viewer,
    *,
    project: ProjectFilter = None,
    issue: IssueFilter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Return kept events, newest first, of one project or issue if given."""
    store = context_of(request).store
    issue_id = None if issue is None else find_issue(store, issue).id
    project_id = project_id_of(store, project)
    page = store.list_events(issue_id=issue_id, project_id=project_id, limit=limit, cursor=cursor)
    view = EventPageView(items=page.events, next_cursor=page.next_cursor)
    return json_answer(view, headers=page_links(request, page.next_cursor))


@router.get(
    "/{event_id}",
    summary="Get an event",
    responses={
        200: {
            "description": "Everything known about it.",
            "content": {
                **documented_answer(EventView, "")[200]["content"],
                "text/markdown": {"schema": {"type": "string"}, "example": "# OperationalError\n…"},
            },
        }
    },
)
def get_event(
    request: Request,
    _: Viewer,
    event_id: EventId,
    project: ProjectFilter = None,
    form: Annotated[Literal["json", "markdown"], Query(alias="format", description="Markdown is for people.")] = "json",
) -> Response:
    """Return one event in full: exceptions, frames with locals, request, breadcrumbs, tags, what was scrubbed."""
    store = context_of(request).store
    stored = store.get_event(event_id_of(event_id), project_id=project_id_of(store, project))
    issue = store.get_issue(stored.issue_id)
    if form == "markdown":
        attachments = store.list_attachments(stored.event.project_id, stored.event.event_id)
        text = render_markdown(stored, issue, public_url=context_of(request).public_url, attachments=attachments)
        return Response(text, media_type=MARKDOWN)
    return json_answer(view_event(stored, issue))


@router.get(
    "/{event_id}/payload",
    summary="The scrubbed payload as stored",
    responses=documented_answer({"type": "object"}, "As the SDK sent it, scrubbed.", {"event_id": "9ec7…"}),
)
def get_payload(request: Request, _: Viewer, event_id: EventId, project: ProjectFilter = None) -> Response:
    """Return the event as the SDK sent it, less what was scrubbed."""
    store = context_of(request).store
    stored = store.get_event(event_id_of(event_id), project_id=project_id_of(store, project))
    return Response(stored.event.payload, media_type="application/json")


@router.get(
    "/{event_id}/attachments",
    summary="Attachments of an event",
    responses=documented_answer(list[AttachmentView], "Without content."),
)
def list_attachments(request: Request, _: Viewer, event_id: EventId, project: ProjectFilter = None) -> Response:
    """Return an event's attachments, without their content."""
    found = attachments_of(request, event_id, project)
    return json_answer([view_attachment(attachment, number) for number, attachment in enumerate(found, 1)])


@router.get(
    "/{event_id}/attachments/{number}",
    summary="Content of an attachment",
    responses={
        200: {"description": "The file.", "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
    },
    response_class=Response,
)
def get_attachment(
    request: Request,
    _: Viewer,
    event_id: EventId,
    number: Id,
    project: ProjectFilter = None,
) -> Response:
    """Return a file. Always as a download: a file that somebody sent must never run in this site's name."""
    found = attachments_of(request, event_id, project)
    if number > len(found):
        raise NotFoundError(f"This event has {len(found)} attachments.")
    attachment = found[number - 1]
    disposition = f"attachment; filename*=UTF-8''{quote(attachment.filename, safe='')}"
    return Response(
        attachment.body, headers={"Content-Disposition": disposition}, media_type="application/octet-stream"
    )


def attachments_of(request: Request, event_id: str, project: str | None) -> list[Attachment]:
    """Return the attachments of an event that exists. Raises NotFoundError."""
    store = context_of(request).store
    stored = store.get_event(event_id_of(event_id), project_id=project_id_of(store, project))
    return store.list_attachments(stored.event.project_id, stored.event.event_id)
