"""What only looks like a fault of the database stays as it is."""

from pathlib import Path

import pytest
from faults import crash_log, found, write

from naosu.fixers.code.database_integrity_error_uncaught.fixer import IntegrityErrorUncaught
from naosu.fixers.code.database_pending_rollback_shared_session.fixer import PendingRollback
from naosu.fixers.code.database_pg_stale_connections.fixer import StaleConnections
from naosu.fixers.code.database_pool_exhausted_session_leak.fixer import PoolExhausted
from naosu.fixers.code.database_sqlite_locked.fixer import SqliteLocked
from naosu.fixers.code.database_sqlite_thread_check.fixer import SqliteThreadCheck
from naosu.fixers.database.database_alembic_multiple_heads.fixer import AlembicMultipleHeads

CLOSED = "psycopg.OperationalError: server closed the connection unexpectedly"


@pytest.mark.parametrize(
    "options",
    ["pool_pre_ping=True", "poolclass=NullPool", "**options"],
    ids=["tested", "not pooled", "options from elsewhere"],
)
def test_an_engine_that_tests_or_keeps_no_connections_is_left_alone(tmp_path: Path, options: str):
    root = write(tmp_path, {"app.py": f"""
        from sqlalchemy import NullPool, create_engine
        options = {{}}
        engine = create_engine("postgresql://h/d", {options})
        engine.connect()
    """})  # fmt: skip
    assert not found(StaleConnections(), root, crash_log(root, "app.py:engine.connect", CLOSED))


def test_a_server_that_is_down_is_no_stale_connection(tmp_path: Path):
    root = write(tmp_path, {"app.py": """
        from sqlalchemy import create_engine
        engine = create_engine("postgresql://h/d")
        engine.connect()
    """})  # fmt: skip
    error = "sqlalchemy.exc.OperationalError: (psycopg.OperationalError) connection failed: Connection refused"
    assert not found(StaleConnections(), root, crash_log(root, "app.py:engine.connect", error))


def test_an_engine_that_waits_long_enough_and_writes_ahead_is_left_alone(tmp_path: Path):
    root = write(tmp_path, {"app.py": """
        from sqlalchemy import create_engine, event
        engine = create_engine("sqlite:///a.db", connect_args={"timeout": 60})

        @event.listens_for(engine, "connect")
        def configure(connection, record):
            connection.execute("PRAGMA journal_mode = wal")

        engine.connect()
    """})  # fmt: skip
    error = "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) database is locked"
    assert not found(SqliteLocked(), root, crash_log(root, "app.py:engine.connect", error))


def test_a_missing_value_is_no_conflict(tmp_path: Path):
    root = write(tmp_path, {"app.py": """
        from fastapi import FastAPI
        app = FastAPI()

        @app.post("/a")
        def add(db):
            db.commit()
    """})  # fmt: skip
    error = "sqlalchemy.exc.IntegrityError: (sqlite3.IntegrityError) NOT NULL constraint failed: accounts.email"
    assert not found(IntegrityErrorUncaught(), root, crash_log(root, "app.py:db.commit", error))


def test_a_session_of_one_request_gets_no_rollback_of_ours(tmp_path: Path):
    root = write(tmp_path, {"app.py": """
        from db import Session

        def add(db, tag):
            with Session() as own:
                own.add(tag)
                own.commit()
            db.commit()
    """})  # fmt: skip
    error = "sqlalchemy.exc.PendingRollbackError: This Session's transaction has been rolled back due to a previous exception during flush."  # noqa: E501
    assert not found(PendingRollback(), root, crash_log(root, "app.py:own.commit", error))


def test_a_pool_that_is_only_too_small_gets_options_and_no_plan(tmp_path: Path):
    root = write(tmp_path, {"app.py": """
        from sqlalchemy import create_engine
        from sqlalchemy.orm import sessionmaker

        Make = sessionmaker(create_engine("sqlite:///a.db"))

        def session():
            db = Make()
            try:
                yield db
            finally:
                db.close()

        def count():
            with Make() as db:
                return db.scalar("select 1")
    """})  # fmt: skip
    error = "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00"  # noqa: E501
    (finding,) = found(PoolExhausted(), root, crash_log(root, "app.py:return db.scalar", error))
    assert not finding.plans
    assert finding.diagnosis.options


def test_a_connection_that_is_opened_anew_gets_no_thread_of_its_own(tmp_path: Path):
    root = write(tmp_path, {"app.py": """
        import sqlite3
        conn = sqlite3.connect("a.db")

        def reopen():
            global conn
            conn = sqlite3.connect("b.db")

        def count():
            return conn.execute("select 1")
    """})  # fmt: skip
    error = "sqlite3.ProgrammingError: SQLite objects created in a thread can only be used in that same thread."
    assert not found(SqliteThreadCheck(), root, crash_log(root, "app.py:return conn.execute", error))


@pytest.mark.parametrize(
    ("first", "second"),
    [('op.add_column("orders", None)', 'op.drop_column("orders", "paid")'), ('op.create_table("a")', 'op.execute("DELETE FROM b")')],  # noqa: E501
    ids=["one table", "opaque SQL"],
)  # fmt: skip
def test_branches_whose_order_may_matter_are_not_merged(tmp_path: Path, first: str, second: str):
    def migration(name: str, after: str | None, step: str) -> str:
        return f"revision = {name!r}\ndown_revision = {after!r}\n\n\ndef upgrade():\n    {step}\n"

    root = write(tmp_path, {
        "migrations/versions/a.py": migration("a", None, "pass"),
        "migrations/versions/b.py": migration("b", "a", first),
        "migrations/versions/c.py": migration("c", "a", second),
        "migrations/env.py": "import alembic\n",
    })  # fmt: skip
    log = "alembic.util.exc.CommandError: Multiple head revisions are present for given argument 'head'"
    (finding,) = found(AlembicMultipleHeads(), root, log)
    assert not finding.plans
    assert finding.diagnosis.options
