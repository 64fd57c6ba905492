"""A report: bytes as a sender gave them, with what was known when they came."""

from datetime import datetime
from enum import StrEnum

import msgspec

from naosu.domain.outcome import LedgerEntry


class ReportKind(StrEnum):
    """By which door a report came in."""

    ENVELOPE = "envelope"
    STORE = "store"
    SECURITY = "security"
    CRON = "cron"
    OTLP_TRACES = "otlp_traces"
    OTLP_LOGS = "otlp_logs"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one request brought, undecoded.

    Attributes:
        key_id: The DSN key that was used.
        received_at: UTC, aware.
        content_encoding: ``gzip``, ``deflate``, ``br``, ``zstd`` or ``""``: how `body` is compressed.
        sender_ip: Peer address, for ``{{auto}}`` in an event's user. Empty when unknown.
        query: Further request parameters (cron status, sentry_environment …).
        body: As received, still compressed.
        signature: In a storm, the signature of its event, so that what is only counted finds its issue. Else empty.
    """

    project_id: int
    key_id: int
    kind: ReportKind
    received_at: datetime
    content_encoding: str = ""
    content_type: str = ""
    sender_ip: str = ""
    user_agent: str = ""
    query: dict[str, str] = {}
    body: bytes = b""
    signature: str = ""


class SampledCount(msgspec.Struct, frozen=True, kw_only=True):
    """So many events of one storm signature were counted at the door, and their bodies not kept.

    Attributes:
        signature: What `naosu.ingest.storm` made of the event: cheap to compute, finer than an issue.
        first_at: Of the earliest one counted here. UTC, aware.
        last_at: Of the latest one counted here. UTC, aware.
    """

    project_id: int
    signature: str
    quantity: int
    first_at: datetime
    last_at: datetime


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Counts that the door made: they travel through the inbox, so that they are as durable as reports."""

    ledger: tuple[LedgerEntry, ...] = ()
    sampled: tuple[SampledCount, ...] = ()


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One thing taken from the inbox, to be acknowledged when it is digested.

    Attributes:
        delivery_id: Unique in the inbox for ever, and the same each time this thing is delivered.
        redelivered: It may have been delivered before (a crash, a lost acknowledgement).
    """

    delivery_id: str
    redelivered: bool
    content: Report | Tally
