"""What the digester writes: one batch, one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from naosu.domain.classification import Classification
from naosu.domain.dead_letter import DeadLetter
from naosu.domain.event import Event
from naosu.domain.fingerprint import Grouping, Site
from naosu.domain.issue import IssueChange
from naosu.domain.outcome import LedgerEntry
from naosu.domain.report import SampledCount
from naosu.domain.telemetry import Attachment, CheckIn, LogRecord, Transaction


class DigestedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with all that the stages made of it.

    Attributes:
        body: The scrubbed payload, compressed; `dictionary_id` names the dictionary (0: none).
        signature: Its storm signature, so that sampled counts find its issue.
    """

    event: Event
    grouping: Grouping
    classification: Classification
    body: bytes
    dictionary_id: int = 0
    signature: str = ""


class DigestBatch(msgspec.Struct, frozen=True, kw_only=True):
    """All that came of one take from the inbox.

    Attributes:
        delivery_ids: Of everything in the batch: remembered, so that a redelivery is recognised.
        ledger: Outcomes other than "event accepted" and "duplicate event", which the store counts itself.
        sites: Sites whose state changed, by project id. A stale revision is merged, not refused.
    """

    delivery_ids: tuple[str, ...] = ()
    events: tuple[DigestedEvent, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    check_ins: tuple[CheckIn, ...] = ()
    logs: tuple[LogRecord, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    sampled: tuple[SampledCount, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()
    sites: tuple[tuple[int, Site], ...] = ()


class CompressionDictionary(msgspec.Struct, frozen=True, kw_only=True):
    """A zstd dictionary with which bodies were compressed; never deleted while a body needs it."""

    id: int
    content: bytes
    created_at: datetime


class DigestStore(Protocol):
    """The digester's view of the store."""

    def record(self, batch: DigestBatch, *, now: datetime) -> list[IssueChange]:
        """Store the whole batch in one transaction, or nothing.

        An event id that its project already has is counted as FILTERED ``duplicate``, and otherwise ignored.
        A stored event is counted as ACCEPTED. Unknown fingerprints are looked up by `Grouping.previous` before
        an issue is made. Regressions and mutes are judged by `naosu.domain.issue_life`.

        Raises:
            StoreUnavailableError: Nothing was stored. Retryable.
        """
        ...

    def already_recorded(self, delivery_ids: Sequence[str]) -> set[str]:
        """Return those that an earlier `record` has stored."""
        ...

    def load_sites(self, project_id: int, site_keys: Sequence[str]) -> Mapping[str, Site]:
        """Return what was learnt of these sites; unknown ones are absent."""
        ...

    def newest_dictionary(self) -> CompressionDictionary | None:
        """Return the dictionary to compress with. None: none was trained yet."""
        ...

    def add_dictionary(self, content: bytes, *, now: datetime) -> CompressionDictionary:
        """Keep a newly trained dictionary for ever."""
        ...

    def sample_payloads(self, limit: int) -> list[bytes]:
        """Return scrubbed payloads of recent events, decompressed, spread over issues, to train a dictionary."""
        ...
