"""The tables of repairs. What an attempt is stands in its body; the columns are what it is found by."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text

from naosu.storage.sql.column_types import BigId, Moment
from naosu.storage.sql.tables import metadata

repair_attempt = Table(
    "repair_attempt",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("issue_id", BigId, index=True),
    Column("state", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("open_key", Text, unique=True),  # its idempotency key, while it is open
    Column("acting_on", Text, unique=True),  # its target, while it is under way: the database holds that there is one
    Column("started_at", Moment),
    Column("body", LargeBinary, nullable=False),
    Index("ix_repair_attempt_target", "target", "id"),
    Index("ix_repair_attempt_fingerprint", "fingerprint", "id"),
    Index("ix_repair_attempt_state", "state", "id"),
)

repair_approval = Table(
    "repair_approval",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("attempt_id", BigId, nullable=False, index=True),
    Column("plan_key", Text, nullable=False),
    Column("target_state", Text, nullable=False),
    Column("given_by", Text, nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("comment", Text, nullable=False),
)

repair_lease = Table(
    "repair_lease",
    metadata,
    Column("target", Text, primary_key=True),
    Column("owner", Text, nullable=False),  # empty: released; the row stays, so that its token only grows
    Column("token", BigId, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

repair_stop = Table(
    "repair_stop",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("stopped_at", Moment, nullable=False),
    Column("stopped_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

repair_breaker = Table(
    "repair_breaker",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("closed_at", Moment, nullable=False),
)

action_record = Table(
    "action_record",
    metadata,
    Column("means", Text, primary_key=True),
    Column("project_id", Integer, primary_key=True, autoincrement=False),
    Column("environment", Text, primary_key=True),
    Column("fixed_count", Integer, nullable=False),
    Column("failed_count", Integer, nullable=False),
    Column("rolled_back_count", Integer, nullable=False),
    Column("streak_count", Integer, nullable=False),
    Column("demoted_at", Moment),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("number", BigId, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", LargeBinary, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_entry_subject", "subject", "number"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigId, nullable=False),
    Column("hash", Text, nullable=False),
)
