"""All events with one fingerprint, and the life that they lead."""

from datetime import datetime
from enum import StrEnum

import msgspec

from naosu.domain.classification import Classification
from naosu.domain.event import Level


class IssueStatus(StrEnum):
    """Where an issue stands."""

    OPEN = "open"
    MUTED = "muted"
    RESOLVED = "resolved"


class ChangeKind(StrEnum):
    """What an event did to its issue, beyond being counted."""

    NEW = "new"
    REGRESSION = "regression"
    UNMUTED = "unmuted"


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as read from the store.

    Attributes:
        number: Counts up within the project: the n of short id ``SHOP-n``.
        event_count: All events ever counted on it, sampled ones included.
        stored_count: Events whose body is kept now.
        user_count: Distinct users affected.
        status: OPEN, MUTED (until `muted_until`, or until `mute_events_left` more events), RESOLVED.
        resolved_in_release: It counts as fixed from this release on. Empty: from `resolved_at` on.
        resolved_in_next: It counts as fixed in any release first seen after `resolved_at`.
        regressed_at: When it last came back.
    """

    id: int
    project_id: int
    project_slug: str
    number: int
    title: str
    culprit: str
    level: Level
    platform: str
    classification: Classification
    status: IssueStatus = IssueStatus.OPEN
    first_seen_at: datetime
    last_seen_at: datetime
    event_count: int = 0
    stored_count: int = 0
    user_count: int = 0
    first_release: str = ""
    last_release: str = ""
    resolved_at: datetime | None = None
    resolved_in_release: str = ""
    resolved_in_next: bool = False
    muted_until: datetime | None = None
    mute_events_left: int | None = None
    regressed_at: datetime | None = None
    handled: bool | None = None

    @property
    def short_id(self) -> str:
        """``SHOP-12``."""
        return f"{self.project_slug.upper()}-{self.number}"


class IssueChange(msgspec.Struct, frozen=True, kw_only=True):
    """Something about an issue that may deserve a person."""

    kind: ChangeKind
    issue_id: int
    project_id: int
    event_id: str
    at: datetime


class TagValue(msgspec.Struct, frozen=True):
    """How often one tag value was seen on an issue."""

    key: str
    value: str
    count: int
    last_seen_at: datetime


class FingerprintInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One fingerprint of an issue; a merged issue has several.

    Attributes:
        parts_json: The `GroupingPart`s of the first event, as JSON.
    """

    fingerprint: str
    event_count: int
    first_seen_at: datetime
    title: str
    parts_json: bytes
