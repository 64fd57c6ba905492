"""The tables beside errors: telemetry, releases, dead letters, accounts."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from naosu.storage.sql.column_types import BigId, Moment
from naosu.storage.sql.tables import metadata

release = Table(
    "release",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("released_at", Moment),
    Column("url", Text, nullable=False),
    Column("refs", LargeBinary, nullable=False),
    Column("first_event_at", Moment),
    Column("last_event_at", Moment),
    Column("event_count", BigId, nullable=False),
    Column("new_issue_count", BigId, nullable=False),
    UniqueConstraint("project_id", "version"),
)

deploy = Table(
    "deploy",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("release_id", ForeignKey("release.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("environment", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("died_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("report", LargeBinary, nullable=False),
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_attachment_event", "event_id", "project_id"),
)

transaction = Table(
    "traced_transaction",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("duration_ms", Float(53), nullable=False),
    Column("status", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("db_span_count", Integer, nullable=False),
    Column("db_ms", Float(53), nullable=False),
    Column("db_slowest_ms", Float(53), nullable=False),
    Column("db_spans", LargeBinary, nullable=False),
    Index("ix_traced_transaction_started", "project_id", "started_at"),
)

check_in = Table(
    "check_in",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("check_in_id", Text, nullable=False),
    Column("monitor_slug", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("duration_s", Float(53)),
    Column("environment", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("config", LargeBinary, nullable=False),
    Index("ix_check_in_received", "project_id", "received_at"),
)

log_record = Table(
    "log_record",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("logged_at", Moment, nullable=False),
    Column("level", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("attributes", LargeBinary, nullable=False),
    Index("ix_log_record_logged", "project_id", "logged_at"),
    Index("ix_log_record_trace", "trace_id"),
)

account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_folded", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("token_sha256", Text, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked", Boolean, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("session_sha256", Text, primary_key=True),
    Column("account_id", Integer, nullable=False, index=True),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
