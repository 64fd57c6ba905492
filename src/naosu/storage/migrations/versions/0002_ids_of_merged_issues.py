"""Numeric ids of merged issues lead to what they were merged into; and no issue ever gets the id of another."""

from alembic import op

revision = "0002"
down_revision = "0001"

# SQLite gives the highest id again when its row is gone, unless the table says otherwise when it is made.
_ISSUE = """
CREATE TABLE issue_with_ids_of_its_own (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	project_id INTEGER NOT NULL,
	number INTEGER NOT NULL,
	title TEXT NOT NULL,
	culprit TEXT NOT NULL,
	title_folded TEXT NOT NULL,
	culprit_folded TEXT NOT NULL,
	level SMALLINT NOT NULL,
	platform TEXT NOT NULL,
	category SMALLINT NOT NULL,
	severity SMALLINT NOT NULL,
	classification BLOB NOT NULL,
	status SMALLINT NOT NULL,
	first_seen_at BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL,
	event_count BIGINT NOT NULL,
	stored_count BIGINT NOT NULL,
	user_count BIGINT NOT NULL,
	first_release TEXT NOT NULL,
	last_release TEXT NOT NULL,
	resolved_at BIGINT,
	resolved_in_release TEXT NOT NULL,
	resolved_in_next BOOLEAN NOT NULL,
	muted_until BIGINT,
	mute_events_left BIGINT,
	regressed_at BIGINT,
	handled BOOLEAN,
	UNIQUE (project_id, number)
)
"""
_INDEXES = {
    "ix_issue_seen": "last_seen_at, id",
    "ix_issue_project_seen": "project_id, last_seen_at, id",
    "ix_issue_status_seen": "status, last_seen_at, id",
    "ix_issue_project_status_seen": "project_id, status, last_seen_at, id",
}


def upgrade() -> None:
    """Add the column, empty for issues that were merged before; on SQLite, make the table of issues anew."""
    connection = op.get_bind()
    kind = "INTEGER" if connection.dialect.name == "sqlite" else "BIGINT"
    connection.exec_driver_sql(f"ALTER TABLE issue_alias ADD COLUMN merged_id {kind}")
    connection.exec_driver_sql("CREATE INDEX ix_issue_alias_merged_id ON issue_alias (merged_id)")
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql(_ISSUE)
    connection.exec_driver_sql("INSERT INTO issue_with_ids_of_its_own SELECT * FROM issue ORDER BY id")
    connection.exec_driver_sql("DROP TABLE issue")
    connection.exec_driver_sql("ALTER TABLE issue_with_ids_of_its_own RENAME TO issue")
    for name, columns in _INDEXES.items():
        connection.exec_driver_sql(f"CREATE INDEX {name} ON issue ({columns})")
