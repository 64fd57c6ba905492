"""An event in full, for scripts and for people."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from naosu.domain.classification import Category, Evidence, Severity
from naosu.domain.event import Event, Level, ScrubNote, User
from naosu.domain.issue import Issue
from naosu.domain.telemetry import Attachment
from naosu.normalize.detail import EventDetail, to_detail
from naosu.normalize.markdown import to_markdown
from naosu.ports.store.issues import StoredEvent


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """An event in full.

    Attributes:
        detail: What its payload shows: exceptions with frames and locals, request, breadcrumbs, contexts …
        scrubbed: What was removed, where, by which rule.
        newer_id: Event id of the next newer one of the same issue. None: it is the newest.
    """

    event_id: str
    project_id: int
    project: str
    issue_id: int
    issue: str
    title: str
    culprit: str
    occurred_at: datetime
    received_at: datetime
    platform: str
    level: Level
    logger: str
    message: str
    transaction: str
    server_name: str
    release: str
    dist: str
    environment: str
    request_method: str
    request_url: str
    status_code: int
    user: User
    tags: tuple[tuple[str, str], ...]
    sdk: str
    trace_id: str
    fingerprint: str
    caller: str
    category: Category
    severity: Severity
    retryable: bool | None
    rule_id: str
    evidence: tuple[Evidence, ...]
    scrubbed: tuple[ScrubNote, ...]
    newer_id: str | None
    older_id: str | None
    detail: EventDetail


# What the client set as a fingerprint is not the one that it was stored under.
_SHOWN_OTHERWISE = frozenset({"fingerprint"})
_OF_EVENT = tuple(
    name for name in EventView.__struct_fields__ if name in Event.__struct_fields__ and name not in _SHOWN_OTHERWISE
)


def view_event(stored: StoredEvent, issue: Issue) -> EventView:
    """Show an event with its issue and its classification."""
    verdict = stored.classification
    return EventView(
        **{name: getattr(stored.event, name) for name in _OF_EVENT},
        project=issue.project_slug,
        issue_id=issue.id,
        issue=issue.short_id,
        title=issue.title,
        culprit=issue.culprit,
        fingerprint=stored.fingerprint,
        caller=stored.caller,
        category=verdict.category,
        severity=verdict.severity,
        retryable=verdict.retryable,
        rule_id=verdict.rule_id,
        evidence=verdict.evidence,
        newer_id=stored.newer_id,
        older_id=stored.older_id,
        detail=to_detail(stored.event.payload or b"{}"),
    )


def render_markdown(
    stored: StoredEvent, issue: Issue, *, public_url: str, attachments: Sequence[Attachment] = ()
) -> str:
    """Show an event as Markdown, with what is known of its issue at the top, each fact once."""
    # What the SDK wrote is shown as it was understood: times in ISO 8601, ids and versions as stored.
    detail = msgspec.structs.replace(
        to_detail(stored.event.payload or b"{}"), event_id="", timestamp="", release="", environment=""
    )
    verdict = stored.classification
    retryable = {True: "yes", False: "no", None: "unknown"}[verdict.retryable]
    facts = [
        ("Issue", issue.short_id),
        ("Project", issue.project_slug),
        ("Culprit", issue.culprit),
        ("Category", verdict.category.value),
        ("Severity", verdict.severity.value),
        ("Retryable", retryable),
        ("Events", str(issue.event_count)),
        ("Users", str(issue.user_count)),
        ("First seen", issue.first_seen_at.isoformat()),
        ("Last seen", issue.last_seen_at.isoformat()),
        ("Event", stored.event.event_id),
        ("Occurred", stored.event.occurred_at.isoformat()),
        ("Release", stored.event.release),
        ("Environment", stored.event.environment),
        ("Attachments", ", ".join(f"{one.filename} ({len(one.body)} bytes)" for one in attachments)),
    ]
    return to_markdown(
        detail,
        title=issue.title,
        url=f"{public_url}/issues/{issue.short_id}",
        facts=[(name, value) for name, value in facts if value],
    )
