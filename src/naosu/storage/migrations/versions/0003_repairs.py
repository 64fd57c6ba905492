"""Attempts at repair, approvals, leases, records of actions, the stop, and the audit chain."""

from alembic import op

revision = "0003"
down_revision = "0002"

# {id}: numbers rows by itself; {big}: a large whole number; {bytes}: as the engine calls them.
_TABLES = """
CREATE TABLE repair_attempt (
	id {id} NOT NULL,
	project_id INTEGER NOT NULL,
	issue_id {big},
	state TEXT NOT NULL,
	target TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	open_key TEXT,
	acting_on TEXT,
	started_at BIGINT,
	body {bytes} NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (open_key),
	UNIQUE (acting_on)
);
CREATE INDEX ix_repair_attempt_issue_id ON repair_attempt (issue_id);
CREATE INDEX ix_repair_attempt_target ON repair_attempt (target, id);
CREATE INDEX ix_repair_attempt_fingerprint ON repair_attempt (fingerprint, id);
CREATE INDEX ix_repair_attempt_state ON repair_attempt (state, id);
CREATE TABLE repair_approval (
	id {id} NOT NULL,
	attempt_id {big} NOT NULL,
	plan_key TEXT NOT NULL,
	target_state TEXT NOT NULL,
	given_by TEXT NOT NULL,
	granted BOOLEAN NOT NULL,
	given_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	comment TEXT NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX ix_repair_approval_attempt_id ON repair_approval (attempt_id);
CREATE TABLE repair_lease (
	target TEXT NOT NULL,
	owner TEXT NOT NULL,
	token {big} NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (target)
);
CREATE TABLE repair_stop (
	id INTEGER NOT NULL,
	stopped_at BIGINT NOT NULL,
	stopped_by TEXT NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE repair_breaker (
	fingerprint TEXT NOT NULL,
	closed_at BIGINT NOT NULL,
	PRIMARY KEY (fingerprint)
);
CREATE TABLE action_record (
	means TEXT NOT NULL,
	project_id INTEGER NOT NULL,
	environment TEXT NOT NULL,
	fixed_count INTEGER NOT NULL,
	failed_count INTEGER NOT NULL,
	rolled_back_count INTEGER NOT NULL,
	streak_count INTEGER NOT NULL,
	demoted_at BIGINT,
	PRIMARY KEY (means, project_id, environment)
);
CREATE TABLE audit_entry (
	number {big} NOT NULL,
	at BIGINT NOT NULL,
	actor TEXT NOT NULL,
	what TEXT NOT NULL,
	subject TEXT NOT NULL,
	detail {bytes} NOT NULL,
	previous_hash TEXT NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (number)
);
CREATE INDEX ix_audit_entry_subject ON audit_entry (subject, number);
CREATE TABLE audit_head (
	id INTEGER NOT NULL,
	number {big} NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (id)
)
"""
_TYPES = {
    "sqlite": {"id": "INTEGER", "big": "INTEGER", "bytes": "BLOB"},
    "postgresql": {"id": "BIGSERIAL", "big": "BIGINT", "bytes": "BYTEA"},
}


def upgrade() -> None:
    """Make the tables, empty."""
    connection = op.get_bind()
    for statement in _TABLES.format(**_TYPES[connection.dialect.name]).split(";\n"):
        connection.exec_driver_sql(statement)
