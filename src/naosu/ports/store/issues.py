"""Issues and their events, as people and scripts read and change them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from naosu.domain.classification import Category, Classification, Severity
from naosu.domain.event import Event
from naosu.domain.issue import FingerprintInfo, Issue, IssueStatus, TagValue
from naosu.domain.issue_query import IssueQuery
from naosu.domain.telemetry import Attachment


class IssuePage(msgspec.Struct, frozen=True, kw_only=True):
    """Some issues, and where to go on.

    Attributes:
        next_cursor: Opaque; None: this was the last page.
        total: All issues that match, counted up to `total_max`.
    """

    issues: tuple[Issue, ...]
    next_cursor: str | None
    total: int


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as read from the store.

    Attributes:
        event: With `payload` decompressed; `exceptions` and `stack` are empty: decode the payload for them.
        fingerprint: The one it was stored under.
        caller: Path of in-app functions that led to the crash site.
        newer_id: Event id of the next newer event of the same issue. None: it is the newest.
        older_id: The next older one. None: it is the oldest kept.
    """

    event: Event
    issue_id: int
    fingerprint: str
    classification: Classification
    caller: str = ""
    newer_id: str | None = None
    older_id: str | None = None


class EventLine(msgspec.Struct, frozen=True, kw_only=True):
    """An event in a list."""

    event_id: str
    issue_id: int
    project_id: int
    occurred_at: datetime
    title: str
    level: str
    release: str
    environment: str
    user_key: str
    transaction: str


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some events, newest first, and where to go on."""

    events: tuple[EventLine, ...]
    next_cursor: str | None


class HourCount(msgspec.Struct, frozen=True):
    """Events in one hour."""

    hour: datetime
    count: int


class ClassificationCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many issues, and events counted on them, there are of one category, severity and status."""

    category: Category
    severity: Severity
    status: IssueStatus
    issue_count: int
    event_count: int


class IssueStore(Protocol):
    """Issues, their events and facets. All changes are in the audit-friendly past tense: they return what is now."""

    def find_issues(
        self, query: IssueQuery, *, now: datetime, limit: int = 50, cursor: str | None = None, total_max: int = 10_000
    ) -> IssuePage:
        """Return issues that match. Raises InvalidInputError for a cursor that is not ours."""
        ...

    def count_by_classification(self, project_id: int | None = None) -> list[ClassificationCount]:
        """Return counts of all issues by category, severity and status; combinations without an issue are absent."""
        ...

    def get_issue(self, issue_id: int) -> Issue:
        """Return one issue, or the one it was merged into. Raises NotFoundError."""
        ...

    def find_by_short_id(self, short_id: str) -> Issue:
        """Return the issue called ``SHOP-12``, in any case, or the one it was merged into. Raises NotFoundError."""
        ...

    def resolve_issue(self, issue_id: int, *, now: datetime, in_release: str = "", in_next: bool = False) -> Issue:
        """It counts as fixed: now, from a release on, or in the next one."""
        ...

    def mute_issue(self, issue_id: int, *, until: datetime | None, more_events: int | None) -> Issue:
        """Be silent about it until then, or until that many more events, or until opened by hand."""
        ...

    def open_issue(self, issue_id: int) -> Issue:
        """It is neither resolved nor muted any more."""
        ...

    def merge_issues(self, target_id: int, source_ids: Sequence[int]) -> Issue:
        """Move all fingerprints, events and counts of the sources to the target, for good and for the future.

        Raises:
            InvalidInputError: Of another project, or the target itself.
        """
        ...

    def split_issue(self, issue_id: int, fingerprints: Sequence[str], *, now: datetime) -> Issue:
        """Move these fingerprints, and the events and counts under them, to a new issue, which is returned.

        Raises:
            InvalidInputError: Not of this issue, or all of them.
        """
        ...

    def list_fingerprints(self, issue_id: int) -> list[FingerprintInfo]:
        """Return what is merged in this issue, oldest first."""
        ...

    def list_tags(self, issue_id: int, *, values_max: int = 10) -> dict[str, list[TagValue]]:
        """Return tag values by key, the most frequent first; release, environment, user… included."""
        ...

    def hourly_counts(self, issue_ids: Sequence[int], *, since: datetime) -> dict[int, list[HourCount]]:
        """Return events per hour of each issue; hours without events are absent."""
        ...

    def callers(self, issue_id: int, *, limit: int = 20) -> list[TagValue]:
        """Return the paths by which the crash site was reached, the most frequent first."""
        ...

    def list_events(
        self, *, issue_id: int | None = None, project_id: int | None = None, limit: int = 50, cursor: str | None = None
    ) -> EventPage:
        """Return events, newest first."""
        ...

    def get_event(self, event_id: str, *, project_id: int | None = None) -> StoredEvent:
        """Return one event, whatever project it is of unless one is given. Raises NotFoundError."""
        ...

    def latest_event(self, issue_id: int) -> StoredEvent:
        """Return its newest kept event. Raises NotFoundError."""
        ...

    def oldest_event(self, issue_id: int) -> StoredEvent:
        """Return its oldest kept event. Raises NotFoundError."""
        ...

    def list_attachments(self, project_id: int, event_id: str) -> list[Attachment]:
        """Return an event's attachments, bodies included."""
        ...

    def recent_events(self, project_id: int, *, limit: int) -> list[StoredEvent]:
        """Return the newest events of a project, for the preview of a rule."""
        ...
