"""A SQLite file: backed up by SQLite's own means, changed in one transaction, and brought back."""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from naosu.actions.apply_fix.additions import Addition, Kind
from naosu.actions.apply_fix.databases import DatabaseFailedError, DatabaseState, sqlite_state
from naosu.actions.apply_fix.errors import PlanVoidError
from naosu.actions.apply_fix.inverse import Ground, undo_additions
from naosu.actions.apply_fix.marks import MARK_TABLES

BUSY_TIMEOUT_S = 10.0
_NEVER = frozenset(
    {
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_DETACH,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_CREATE_VTABLE,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_TRIGGER,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_DROP_VTABLE,
    }
)
_WRITES = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]
_STATISTICS = ("sqlite_stat1", "sqlite_stat4")


def back_up(path: Path, copy: Path) -> bool:
    """Store a copy of the database as it is in one instant, write-ahead log included. False: there is none."""
    if not path.is_file():
        return False
    copy.touch(mode=0o600)
    with _open(path) as connection, closing(sqlite3.connect(copy)) as target:
        connection.backup(target)
    descriptor = os.open(copy, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def run(path: Path, additions: Sequence[Addition], before: DatabaseState | None) -> None:
    """Run the statements, all or none.

    Raises:
        PlanVoidError: The schema is not any more what the plan was made for.
        DatabaseFailedError: It is locked, or refused a statement.
    """
    is_new = not path.exists()
    if is_new:
        _make(path)
    with _open(path) as connection:
        connection.set_authorizer(_second_door(additions))
        connection.execute("BEGIN IMMEDIATE")
        if not is_new and before is not None and before.differences(sqlite_state(connection), path.name):
            raise PlanVoidError(f"the schema of {path.name} changed since the plan was made")
        for one in additions:
            if one.kind is not Kind.JOURNAL_MODE:
                connection.execute(one.statement)
        connection.execute("COMMIT")
        for one in additions:
            if one.kind is Kind.JOURNAL_MODE:
                _set_journal_mode(connection, one.name)


def undo(path: Path, additions: Sequence[Addition], before: DatabaseState, copy: Path | None) -> tuple[str, ...]:
    """Bring the schema back: by the inverse of each statement; what these cannot is taken from the copy."""
    if not path.is_file():
        return ()
    source = path.parent
    with _open(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        now = sqlite_state(connection)
        ground = Ground(backend="sqlite", before=before, now=now, ask=lambda text: connection.execute(text).fetchall())
        lines = undo_additions(additions, ground)
        if any(one.kind is Kind.ANALYZE for one in additions):
            _undo_statistics(connection, before, copy)
        connection.execute("COMMIT")
        mode = before.objects.get("journal_mode", "delete")
        if mode != now.objects["journal_mode"] and any(one.kind is Kind.JOURNAL_MODE for one in additions):
            _set_journal_mode(connection, mode)
        is_empty = not any(name.startswith("table ") for name in sqlite_state(connection).objects)
    if not before.exists and is_empty:
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm", f"{path.name}-journal"):
            (source / name).unlink(missing_ok=True)
    return lines


def content_sha256(path: Path) -> str:
    """Return the hash of what the file holds, without the counters that each write moves. Empty: it is open."""
    log = path.with_name(f"{path.name}-wal")
    if not path.is_file() or (log.exists() and log.stat().st_size):
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        head = bytearray(content.read(100))
        for start, end in ((18, 20), (24, 28), (92, 100)):
            head[start:end] = bytes(end - start)
        digest.update(head)
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def restore(path: Path, copy: Path) -> None:
    """Make the database what the copy holds, in one transaction that others wait for."""
    with closing(sqlite3.connect(copy)) as origin, _open(path) as connection:
        origin.backup(connection)


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    except sqlite3.Error as error:
        raise DatabaseFailedError(f"{path.name}: {error}") from error
    with closing(connection):
        try:
            yield connection
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise DatabaseFailedError(f"{path.name}: {error}") from error


def _make(path: Path) -> None:
    """Make an empty file that belongs to whom the folder belongs to."""
    path.touch(mode=0o644)
    owner = path.parent.stat()
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)


def _set_journal_mode(connection: sqlite3.Connection, mode: str) -> None:
    (now,) = connection.execute(f"PRAGMA journal_mode={mode}").fetchone()
    if str(now).lower() != mode.lower():
        raise DatabaseFailedError(f"the journal mode stays {now}: another process has the database open")


def _undo_statistics(connection: sqlite3.Connection, before: DatabaseState, copy: Path | None) -> None:
    held = connection.execute("SELECT name FROM sqlite_master WHERE name IN (?, ?)", _STATISTICS).fetchall()
    for (table,) in held:
        if f"table {table}" not in before.objects:
            connection.execute(f"DROP TABLE {table}")
        elif copy is not None:
            with closing(sqlite3.connect(copy)) as origin:
                rows = origin.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - one of two names of SQLite's own
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608


def _second_door(additions: Sequence[Addition]) -> Authorizer:
    """Return what SQLite asks before it does anything: it knows best what a statement means."""
    filled = {one.table.strip('"`[]').casefold() for one in additions if one.kind is Kind.FILL}

    def allows(action: int, first: str | None, _second: str | None, _database: str | None, _trigger: str | None) -> int:
        if action in _NEVER:
            return sqlite3.SQLITE_DENY
        table = (first or "").casefold()
        own = table.startswith("sqlite_") or table in MARK_TABLES
        if action in _WRITES and not own and not (action == sqlite3.SQLITE_UPDATE and table in filled):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return allows
