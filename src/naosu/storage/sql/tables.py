"""The tables of errors: what the digester writes.

Counts hang on fingerprints and not on issues: an issue is a set of fingerprints, so that merging and splitting rewrite
one column of one row each, and all counts stay exact. See docs/adr/event-storage.md.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from naosu.storage.sql.column_types import (
    CATEGORIES,
    DATA_CATEGORIES,
    LEVELS,
    OUTCOMES,
    SEVERITIES,
    STATUSES,
    BigId,
    Choice,
    Moment,
)

metadata = MetaData()

counter = Table(
    "counter",  # "changes": grows with each visible change; "epoch": grows when what digesters cache became wrong
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

project = Table(
    "project",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("settings", LargeBinary, nullable=False),
    Column("last_issue_number", Integer, nullable=False),
)

project_key = Table(
    "project_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("public_key", Text, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("rate_limits", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
)

issue = Table(
    "issue",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("culprit", Text, nullable=False),
    Column("title_folded", Text, nullable=False),
    Column("culprit_folded", Text, nullable=False),
    Column("level", Choice(LEVELS), nullable=False),
    Column("platform", Text, nullable=False),
    Column("category", Choice(CATEGORIES), nullable=False),
    Column("severity", Choice(SEVERITIES), nullable=False),
    Column("classification", LargeBinary, nullable=False),
    Column("status", Choice(STATUSES), nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("stored_count", BigInteger, nullable=False),
    Column("user_count", BigInteger, nullable=False),
    Column("first_release", Text, nullable=False),
    Column("last_release", Text, nullable=False),
    Column("resolved_at", Moment),
    Column("resolved_in_release", Text, nullable=False),
    Column("resolved_in_next", Boolean, nullable=False),
    Column("muted_until", Moment),
    Column("mute_events_left", BigInteger),
    Column("regressed_at", Moment),
    Column("handled", Boolean),
    UniqueConstraint("project_id", "number"),
    Index("ix_issue_project_status_seen", "project_id", "status", "last_seen_at", "id"),
    Index("ix_issue_project_seen", "project_id", "last_seen_at", "id"),
    Index("ix_issue_status_seen", "status", "last_seen_at", "id"),
    Index("ix_issue_seen", "last_seen_at", "id"),
    sqlite_autoincrement=True,  # or the id of one that was merged or forgotten would come again
)

issue_alias = Table(
    "issue_alias",  # numbers and ids of issues that were merged into others: both stay good for ever
    metadata,
    Column("project_id", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("issue_id", BigId, nullable=False, index=True),
    Column("merged_id", BigId, index=True),  # none: merged by a version that did not keep it
)

fingerprint = Table(
    "fingerprint",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("issue_id", BigId, nullable=False, index=True),
    Column("event_count", BigInteger, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("title", Text, nullable=False),
    Column("parts_json", LargeBinary, nullable=False),
    Column("classification", LargeBinary, nullable=False),
    Column("scrubbed", LargeBinary, nullable=False),
    Column("pinned", SmallInteger, nullable=False),  # `naosu.storage.kin.Pinned`
    UniqueConstraint("project_id", "fingerprint"),
)

event = Table(
    "event",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("fingerprint_id", BigId, nullable=False),
    Column("event_id", LargeBinary, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("level", Choice(LEVELS), nullable=False),
    Column("status_code", SmallInteger, nullable=False),
    Column("release_id", BigId),
    Column("platform_term", BigInteger, nullable=False),
    Column("environment_term", BigInteger),
    Column("transaction_term", BigInteger),
    Column("caller_term", BigInteger),
    Column("user_key", Text, nullable=False),
    Column("classification", LargeBinary),  # NULL: as the fingerprint's
    Column("scrubbed", LargeBinary),  # NULL: as the fingerprint's
    Column("dictionary_id", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("event_id", "project_id"),
)
# Rows of SQLite's indexes end with the row's id anyway; PostgreSQL has to be told.
Index("ix_event_fingerprint", event.c.fingerprint_id).ddl_if(dialect="sqlite")
Index("ix_event_fingerprint", event.c.fingerprint_id, event.c.id).ddl_if(dialect="postgresql")
Index("ix_event_project", event.c.project_id).ddl_if(dialect="sqlite")
Index("ix_event_project", event.c.project_id, event.c.id).ddl_if(dialect="postgresql")

term = Table(
    "term",  # texts that many events share; the id is a hash of the text, so that writers need not look it up
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)

facet = Table(
    "facet",
    metadata,
    Column("fingerprint_id", BigId, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

fingerprint_hour = Table(
    "fingerprint_hour",
    metadata,
    Column("fingerprint_id", BigId, primary_key=True),
    Column("hour", Integer, primary_key=True),  # hours since 1970
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

fingerprint_user = Table(
    "fingerprint_user",
    metadata,
    Column("fingerprint_id", BigId, primary_key=True),
    Column("user_hash", BigInteger, primary_key=True),
    Column("counted", Boolean, nullable=False),  # False: another name of a user who is counted under the first
    sqlite_with_rowid=False,
)

signature = Table(
    "signature",
    metadata,
    Column("project_id", Integer, primary_key=True),
    Column("signature", Text, primary_key=True),
    Column("fingerprint_id", BigId, nullable=False),
    sqlite_with_rowid=False,
)

pending_sample = Table(
    "pending_sample",  # counted at the door, but no event of the signature has come yet
    metadata,
    Column("project_id", Integer, primary_key=True),
    Column("signature", Text, primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
)

site = Table(
    "site",
    metadata,
    Column("project_id", Integer, primary_key=True),
    Column("site_key", Text, primary_key=True),
    Column("state", LargeBinary, nullable=False),
)

receipt = Table(
    "receipt",  # runs of delivery ids that were recorded: prefix and first to last number
    metadata,
    Column("prefix", Text, primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

dictionary = Table(
    "dictionary",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("project_id", Integer, primary_key=True),
    Column("minute", Moment, primary_key=True),
    Column("category", Choice(DATA_CATEGORIES), primary_key=True),
    Column("outcome", Choice(OUTCOMES), primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    Index("ix_ledger_minute", "minute"),
)

ledger_total = Table(
    "ledger_total",
    metadata,
    Column("project_id", Integer, primary_key=True),
    Column("category", Choice(DATA_CATEGORIES), primary_key=True),
    Column("outcome", Choice(OUTCOMES), primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
)
