"""What comes along with errors: attachments, transactions, check-ins, log records."""

from datetime import datetime

import msgspec


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with an event."""

    project_id: int
    event_id: str
    filename: str
    content_type: str
    kind: str
    body: bytes


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """One traced request or task.

    Attributes:
        duration_ms: Never negative.
        db_ms: Time in spans whose operation begins with ``db``.
    """

    project_id: int
    event_id: str
    name: str
    operation: str
    started_at: datetime
    duration_ms: float
    status: str
    trace_id: str = ""
    release: str = ""
    environment: str = ""
    db_span_count: int = 0
    db_ms: float = 0.0
    db_spans: tuple["DbSpan", ...] = ()


class DbSpan(msgspec.Struct, frozen=True, kw_only=True):
    """One database call within a transaction; `statement` is scrubbed, at most 1,000 characters."""

    operation: str
    statement: str
    duration_ms: float


class CheckIn(msgspec.Struct, frozen=True, kw_only=True):
    """A heartbeat as a service sent it; monitors read it in a later part."""

    project_id: int
    check_in_id: str
    monitor_slug: str
    status: str
    received_at: datetime
    duration_s: float | None = None
    environment: str = ""
    release: str = ""
    config: bytes = b""


class LogRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One structured log line; `attributes` is a JSON object, scrubbed."""

    project_id: int
    logged_at: datetime
    level: str
    body: str
    trace_id: str = ""
    span_id: str = ""
    attributes: bytes = b"{}"
