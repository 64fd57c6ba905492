"""What one report brought: filled while it is unpacked, and kept only if all of it could be digested."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from naosu.domain.event import Event
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.report import Report
from naosu.domain.telemetry import Attachment, CheckIn, LogRecord, Transaction
from naosu.group import Crash
from naosu.ports.store.digest import DigestedEvent


class EventPayload(NamedTuple):
    """An event as it was sent.

    Attributes:
        event_id: From the envelope's header. Empty: it has none.
    """

    payload: bytes
    event_id: str


class LocatedEvent(NamedTuple):
    """An event before it is grouped; its payload is in `body` only, compressed."""

    event: Event
    crash: Crash
    body: bytes


class Sheet:
    """The contents of one report, decoded and scrubbed.

    Attributes:
        payloads: Events that are still to be read, scrubbed and located.
        located: Events with where they crashed, before they are grouped.
        events: The same events, digested.
    """

    def __init__(self, delivery_id: str, report: Report) -> None:
        self.delivery_id = delivery_id
        self.report = report
        self.minute = report.received_at.replace(second=0, microsecond=0)
        self.payloads: list[EventPayload] = []
        self.located: list[LocatedEvent] = []
        self.events: list[DigestedEvent] = []
        self.attachments: list[Attachment] = []
        self.transactions: list[Transaction] = []
        self.check_ins: list[CheckIn] = []
        self.logs: list[LogRecord] = []
        self.ledger: list[LedgerEntry] = []

    @property
    def attachment_bytes(self) -> int:
        """How much of the memory attachments take."""
        return sum(len(attachment.body) for attachment in self.attachments)

    def count(self, category: DataCategory, outcome: Outcome, reason: str = "", quantity: int = 1) -> None:
        """Enter something in the ledger, in the minute in which the report came."""
        self.ledger.append(
            LedgerEntry(
                project_id=self.report.project_id,
                minute=self.minute,
                category=category,
                outcome=outcome,
                reason=reason,
                quantity=quantity,
            )
        )


def add_up(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """Return the same counts with one entry a kind."""
    sums: Counter[tuple[int, datetime, DataCategory, Outcome, str]] = Counter()
    for entry in entries:
        sums[entry.project_id, entry.minute, entry.category, entry.outcome, entry.reason] += entry.quantity
    return tuple(
        LedgerEntry(
            project_id=project_id, minute=minute, category=category, outcome=outcome, reason=reason, quantity=quantity
        )
        for (project_id, minute, category, outcome, reason), quantity in sums.items()
    )
