"""The first schema."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

_SCHEMAS = Path(__file__).parent.parent / "schema"


def upgrade() -> None:
    """Make all tables, as they were written down when this version was released."""
    connection = op.get_bind()
    script = (_SCHEMAS / f"0001.{connection.dialect.name}.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
    for name in ("changes", "epoch"):
        connection.exec_driver_sql(f"INSERT INTO counter (name, value) VALUES ('{name}', 0)")  # noqa: S608 -- ours
