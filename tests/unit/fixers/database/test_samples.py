"""Every fixer that changes code makes `after/` of its `before/`, and finds nothing left to do there."""

from pathlib import Path
from shutil import copytree

import pytest
from faults import FIXERS, crash_log, found, only_plan, texts
from workplace import put

from naosu.fixers import load_fixers

UNIQUE = "(sqlite3.IntegrityError) UNIQUE constraint failed: accounts.email"
SAMPLES = {
    "database_integrity_error_uncaught": ("app.py:await db.commit()", f"sqlalchemy.exc.IntegrityError: {UNIQUE}"),
    "database_pending_rollback_shared_session": (
        "app.py:session.commit()",
        "sqlalchemy.exc.PendingRollbackError: This Session's transaction has been rolled back due to a previous exception during flush.",  # noqa: E501
    ),
    "database_pg_stale_connections": (
        "app.py:SELECT now()",
        "sqlalchemy.exc.InterfaceError: (sqlalchemy.dialects.postgresql.asyncpg.InterfaceError) connection is closed",
    ),
    "database_pool_exhausted_session_leak": (
        "app.py:return db.query(Item).count()",
        "sqlalchemy.exc.TimeoutError: QueuePool limit of size 2 overflow 1 reached, connection timed out, timeout 1.00",
    ),
    "database_sqlite_locked": (
        "app.py:db.flush()",
        "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) database is locked",
    ),
    "database_sqlite_thread_check": (
        "app.py:with connection:",
        "sqlite3.ProgrammingError: SQLite objects created in a thread can only be used in that same thread. This is 139969300056960.",  # noqa: E501
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_before_becomes_what_is_after(name: str, tmp_path: Path):
    fixer = next(one for one in load_fixers() if one.name == name)
    root = copytree(FIXERS / "code" / name / "before", tmp_path / "app")
    place, error = SAMPLES[name]
    plan = only_plan(found(fixer, root, crash_log(root, place, error)))
    put(plan.edits, root)
    assert texts(root) == texts(FIXERS / "code" / name / "after")


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"database_pool_exhausted_session_leak"}))
def test_nothing_is_left_to_do_after(name: str, tmp_path: Path):
    fixer = next(one for one in load_fixers() if one.name == name)
    root = copytree(FIXERS / "code" / name / "after", tmp_path / "app")
    place, error = SAMPLES[name]
    place = place.replace("with connection:", "with connection_of_this_thread():")
    assert not [
        edit for one in found(fixer, root, crash_log(root, place, error)) for plan in one.plans for edit in plan.edits
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_an_unrelated_crash_finds_nothing(name: str, tmp_path: Path):
    fixer = next(one for one in load_fixers() if one.name == name)
    root = copytree(FIXERS / "code" / name / "before", tmp_path / "app")
    error = "sqlalchemy.exc.OperationalError: (psycopg.OperationalError) connection refused"
    assert not found(fixer, root, crash_log(root, SAMPLES[name][0], error))
