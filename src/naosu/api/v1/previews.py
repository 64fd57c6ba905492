"""Trying a grouping rule or scrub settings on what is stored, before they count. Nothing is changed."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request, Response
from msgspec import Meta

from naosu.api.answers import documented_answer, json_answer
from naosu.api.auth import Operator
from naosu.api.body import documented_body, json_body
from naosu.api.context import context_of
from naosu.api.lookups import find_project
from naosu.api.parameters import ProjectRef
from naosu.api.router import documented_router
from naosu.api.v1.project_settings import check_rules, check_scrub
from naosu.domain.event import Event, ScrubNote
from naosu.domain.fingerprint import Grouping, GroupingRule
from naosu.domain.project import ScrubSettings
from naosu.group import preview
from naosu.normalize.errors import UnreadableReportError
from naosu.normalize.event import to_event
from naosu.normalize.scrub import Scrubber
from naosu.ports.store.issues import StoredEvent

router = documented_router("/api/v1/projects/{project}", "projects")

EventsMax = Annotated[int, Meta(ge=1, le=2_000)]
NOTES_MAX = 500


class RulePreview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule to try on the newest events."""

    rule: GroupingRule
    events_max: EventsMax = 500


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """An event that the rule would put elsewhere."""

    event_id: str
    issue_id: int
    fingerprint: str
    fingerprint_then: str


class RulePreviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the rule would do: `issue_ids` lose events, which come together in `fingerprint_count` fingerprints."""

    looked_at: int
    moved: int
    issue_ids: tuple[int, ...]
    fingerprint_count: int
    moves: tuple[Move, ...]


class ScrubPreview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings to try: on a payload given here, or on the newest stored events, which are scrubbed once already."""

    scrub: ScrubSettings = ScrubSettings()
    payload: dict[str, Any] | None = None
    events_max: EventsMax = 100


class ScrubFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What would be removed from one event; `event_id` is empty for the payload that was given."""

    event_id: str
    notes: tuple[ScrubNote, ...]


class ScrubPreviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings would remove; `payload` is what would be left of the one that was given."""

    looked_at: int
    findings: tuple[ScrubFinding, ...]
    payload: msgspec.Raw | None = None


def readable(stored: Sequence[StoredEvent]) -> Iterator[tuple[Event, Grouping]]:
    """Yield stored events with their stacks read again, and the fingerprint that each has now."""
    for one in stored:
        try:
            event = to_event(
                one.event.payload,
                project_id=one.event.project_id,
                received_at=one.event.received_at,
                event_id=one.event.event_id,
            )
        except UnreadableReportError:
            continue
        yield event, Grouping(fingerprint=one.fingerprint, title="", culprit="")


def preview_rule(rule: GroupingRule, stored: Sequence[StoredEvent]) -> RulePreviewAnswer:
    """Say which of these events the rule would move."""
    issue_of = {one.event.event_id: one.issue_id for one in stored}
    moves = tuple(
        Move(event_id=event_id, issue_id=issue_of[event_id], fingerprint=now, fingerprint_then=then)
        for event_id, now, then in preview(rule, readable(stored))
    )
    return RulePreviewAnswer(
        looked_at=len(stored),
        moved=len(moves),
        issue_ids=tuple(sorted({move.issue_id for move in moves})),
        fingerprint_count=len({move.fingerprint_then for move in moves}),
        moves=moves,
    )


def preview_scrub(scrub: ScrubSettings, *, payload: bytes | None, stored: Sequence[StoredEvent]) -> ScrubPreviewAnswer:
    """Say what the settings would remove from the payload, or from these events without one."""
    # Pseudonyms of a preview are of no use to anyone, so they need no secret of the installation.
    scrubber = Scrubber(scrub, pseudonym_key=b"preview")
    if payload is not None:
        scrubbed = scrubber.scrub(payload)
        finding = ScrubFinding(event_id="", notes=scrubbed.notes[:NOTES_MAX])
        return ScrubPreviewAnswer(looked_at=1, findings=(finding,), payload=msgspec.Raw(scrubbed.payload))
    findings = [
        ScrubFinding(event_id=one.event.event_id, notes=notes[:NOTES_MAX])
        for one in stored
        if (notes := scrubber.scrub(one.event.payload).notes)
    ]
    return ScrubPreviewAnswer(looked_at=len(stored), findings=tuple(findings))


@router.post(
    "/grouping-rules/preview",
    summary="Try a grouping rule",
    responses=documented_answer(RulePreviewAnswer, "What it would move."),
    openapi_extra=documented_body(
        RulePreview, {"rule": {"match": [["type", "TimeoutError"]], "fingerprint": ["timeout", "{{ transaction }}"]}}
    ),
)
def post_rule_preview(
    request: Request, _: Operator, project: ProjectRef, wanted: Annotated[RulePreview, Depends(json_body(RulePreview))]
) -> Response:
    """Say which of the newest stored events a rule would move, and from which issues."""
    check_rules((wanted.rule,))
    store = context_of(request).store
    stored = store.recent_events(find_project(store, project).id, limit=wanted.events_max)
    return json_answer(preview_rule(wanted.rule, stored))


@router.post(
    "/scrub/preview",
    summary="Try scrub settings",
    responses=documented_answer(ScrubPreviewAnswer, "What they would remove."),
    openapi_extra=documented_body(
        ScrubPreview, {"scrub": {"fields": ["iban"]}, "payload": {"extra": {"iban": "DE02120300000000202051"}}}
    ),
)
def post_scrub_preview(
    request: Request,
    _: Operator,
    project: ProjectRef,
    wanted: Annotated[ScrubPreview, Depends(json_body(ScrubPreview))],
) -> Response:
    """Say what settings would remove from a payload, or from the newest stored events."""
    check_scrub(wanted.scrub)
    store = context_of(request).store
    project_id = find_project(store, project).id
    payload = msgspec.json.encode(wanted.payload) if wanted.payload is not None else None
    stored = store.recent_events(project_id, limit=wanted.events_max) if payload is None else []
    return json_answer(preview_scrub(wanted.scrub, payload=payload, stored=stored))
