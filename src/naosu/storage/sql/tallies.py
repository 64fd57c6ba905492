"""What a batch adds up to: one row for each distinct thing, however many events it had."""

from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from naosu.domain.classification import Category, Classification
from naosu.domain.event import Level
from naosu.domain.issue import ChangeKind, IssueChange
from naosu.domain.issue_life import FirstSeen, IssueState, after_events
from naosu.domain.report import SampledCount
from naosu.ports.store.digest import DigestedEvent
from naosu.storage.facets import clean_facet, facets_of, stable_hash, user_names
from naosu.storage.sql.cache import KnownFingerprint
from naosu.storage.sql.column_types import CATEGORY_CODES, LEVEL_CODES, SEVERITY_CODES, STATUS_CODES, to_micros

HOUR_US = 3_600_000_000


class IssueTally:
    """An issue as the batch found it, and what it became."""

    def __init__(self, row: RowMapping) -> None:
        self.id: int = row["id"]
        self.project_id: int = row["project_id"]
        self.state = IssueState(**{name: row[name] for name in IssueState.__struct_fields__})
        self.level: Level = row["level"]
        self.category: Category = row["category"]
        self.severity: Any = row["severity"]
        self.classification: bytes = row["classification"]
        self.first_seen_at: datetime = row["first_seen_at"]
        self.last_seen_at: datetime = row["last_seen_at"]
        self.first_release: str = row["first_release"]
        self.last_release: str = row["last_release"]
        self.handled: bool | None = row["handled"]
        self.stored_count = 0
        self.sampled_count = 0
        self.is_new = False

    def add_event(self, digested: DigestedEvent, classification: bytes, first_seen: FirstSeen) -> IssueChange | None:
        """Count one event, and return what a person should hear."""
        event = digested.event
        self.stored_count += 1
        self.level = event.level
        self._classify(digested.classification, classification)
        self._see(event.received_at, event.received_at)
        if event.release:
            self.first_release = self.first_release or event.release
            self.last_release = event.release
        if event.exceptions and event.exceptions[-1].handled is not None:
            self.handled = event.exceptions[-1].handled
        self.state, kind = after_events(
            self.state, received_at=event.received_at, release=event.release, first_seen=first_seen
        )
        if self.is_new:
            self.is_new, kind = False, ChangeKind.NEW
        return self._change(kind, event.event_id, event.received_at)

    def add_sampled(self, sampled: SampledCount, first_seen: FirstSeen) -> IssueChange | None:
        """Count events whose bodies were not kept; a storm comes from the release seen last."""
        self.sampled_count += sampled.quantity
        self._see(sampled.first_at, sampled.last_at)
        self.state, kind = after_events(
            self.state,
            received_at=sampled.last_at,
            release=self.last_release,
            first_seen=first_seen,
            quantity=sampled.quantity,
        )
        return self._change(kind, "", sampled.last_at)

    def _classify(self, given: Classification, encoded: bytes) -> None:
        if given.category is not Category.UNKNOWN or self.category is Category.UNKNOWN:
            self.category, self.severity, self.classification = given.category, given.severity, encoded

    def _see(self, first_at: datetime, last_at: datetime) -> None:
        self.first_seen_at = min(self.first_seen_at, first_at)
        self.last_seen_at = max(self.last_seen_at, last_at)

    def _change(self, kind: ChangeKind | None, event_id: str, at: datetime) -> IssueChange | None:
        if kind is None:
            return None
        return IssueChange(kind=kind, issue_id=self.id, project_id=self.project_id, event_id=event_id, at=at)

    def row(self) -> tuple[Any, ...]:
        """Return the values of `statements.UPDATE_ISSUES`."""
        state = self.state
        return (
            self.id,
            LEVEL_CODES[self.level],
            CATEGORY_CODES[self.category],
            SEVERITY_CODES[self.severity],
            self.classification,
            STATUS_CODES[state.status],
            to_micros(self.first_seen_at),
            to_micros(self.last_seen_at),
            self.stored_count + self.sampled_count,
            self.stored_count,
            self.first_release,
            self.last_release,
            _micros(state.resolved_at),
            state.resolved_in_release,
            state.resolved_in_next,
            _micros(state.muted_until),
            state.mute_events_left,
            _micros(state.regressed_at),
            self.handled,
        )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


class FingerprintTally:
    """What a batch adds to the counts that hang on fingerprints."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.seen: dict[int, tuple[int, int]] = {}
        self.hours: Counter[tuple[int, int]] = Counter()
        self.facets: dict[int, dict[tuple[str, str], list[int]]] = {}
        self.users: dict[tuple[int, int], bool] = {}

    def add_event(self, known: KnownFingerprint, digested: DigestedEvent, received_us: int) -> None:
        """Count one event."""
        fingerprint_id = known.id
        self._count(fingerprint_id, 1, received_us, received_us)
        mine = self.facets.get(fingerprint_id)
        if mine is None:
            mine = self.facets[fingerprint_id] = {}
        for facet in facets_of(digested.event, digested.grouping.caller).items():
            counted = mine.get(facet)
            if counted is None:
                mine[facet] = [1, received_us]
            else:
                counted[0] += 1
                counted[1] = max(counted[1], received_us)
        for at, name in enumerate(user_names(digested.event.user)):
            user = (fingerprint_id, stable_hash(name))
            self.users[user] = self.users.get(user, False) or at == 0

    def facet_rows(self) -> list[tuple[int, str, str, int, int]]:
        """Return fingerprint, key, value, count and last time of each distinct facet, as it is stored."""
        rows: list[tuple[int, str, str, int, int]] = []
        for fingerprint_id, facets in sorted(self.facets.items()):
            kept: dict[tuple[str, str], list[int]] = {}
            for facet, counted in facets.items():
                cleaned = clean_facet(*facet)
                if cleaned is None:
                    continue
                if cleaned in kept:
                    # Two that only differed in what cannot be kept.
                    total = kept[cleaned]
                    counted = [total[0] + counted[0], max(total[1], counted[1])]  # noqa: PLW2901
                kept[cleaned] = counted
            rows.extend((fingerprint_id, key, value, count, at) for (key, value), (count, at) in kept.items())
        return rows

    def add_sampled(self, fingerprint_id: int, sampled: SampledCount) -> None:
        """Count events whose bodies were not kept."""
        self._count(fingerprint_id, sampled.quantity, to_micros(sampled.first_at), to_micros(sampled.last_at))

    def _count(self, fingerprint_id: int, quantity: int, first_us: int, last_us: int) -> None:
        self.counts[fingerprint_id] += quantity
        self.hours[fingerprint_id, last_us // HOUR_US] += quantity
        seen = self.seen.get(fingerprint_id)
        if seen is None:
            self.seen[fingerprint_id] = (first_us, last_us)
        elif first_us < seen[0] or last_us > seen[1]:
            self.seen[fingerprint_id] = (min(seen[0], first_us), max(seen[1], last_us))


class ReleaseTally:
    """What a batch adds to one release."""

    def __init__(self) -> None:
        self.event_count = 0
        self.new_issue_count = 0
        self.first_us = 2**62
        self.last_us = -(2**62)

    def add(self, received_us: int, *, new_issue: bool) -> None:
        """Count one event."""
        self.event_count += 1
        self.new_issue_count += new_issue
        self.first_us = min(self.first_us, received_us)
        self.last_us = max(self.last_us, received_us)


encode_json = msgspec.json.Encoder().encode
