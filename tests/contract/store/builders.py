"""Values for the store's tests, with everything that a test does not care about filled in."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import zstandard

from naosu.domain.classification import Category, Classification, Severity
from naosu.domain.event import Event, ExceptionValue, User
from naosu.domain.fingerprint import Grouping, GroupingPart
from naosu.domain.report import SampledCount
from naosu.ports.store.digest import DigestBatch, DigestedEvent

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_DEFAULTS: dict[str, Any] = {
    "platform": "python",
    "exceptions": (ExceptionValue(type="ValueError", value="boom", handled=False),),
}


def digested(
    *,
    fingerprint: str = "v1:a",
    at: datetime = NOW,
    project_id: int = 1,
    title: str = "ValueError: boom",
    culprit: str = "pay in shop",
    caller: str = "",
    previous: tuple[str, ...] = (),
    absorbed: tuple[str, ...] = (),
    signature: str = "",
    event_id: str = "",
    category: Category = Category.DATABASE,
    severity: Severity = Severity.HIGH,
    payload: dict[str, Any] | None = None,
    user: str = "",
    **fields: Any,
) -> DigestedEvent:
    """Return an event as the stages leave it."""
    event = Event(
        **_DEFAULTS
        | {
            "event_id": event_id or uuid.uuid4().hex,
            "project_id": project_id,
            "occurred_at": at,
            "received_at": at,
            "user": User(id=user),
        }
        | fields
    )
    body = json.dumps(payload if payload is not None else {"message": "boom", "user": {"id": user}})
    return DigestedEvent(
        event=event,
        grouping=Grouping(
            fingerprint=fingerprint,
            previous=previous,
            absorbed=absorbed,
            title=title,
            culprit=culprit,
            caller=caller,
            parts=(GroupingPart("exception types", "ValueError", "it names the problem"),),
        ),
        classification=Classification(category=category, severity=severity, retryable=True, rule_id="core/x"),
        body=zstandard.ZstdCompressor().compress(body.encode()),
        signature=signature,
    )


def batch(*events: DigestedEvent, **fields: Any) -> DigestBatch:
    """Return a batch of these events."""
    return DigestBatch(events=events, **fields)


def sampled(signature: str, quantity: int, *, at: datetime = NOW, project_id: int = 1) -> SampledCount:
    """Return a count that the door made."""
    return SampledCount(project_id=project_id, signature=signature, quantity=quantity, first_at=at, last_at=at)
