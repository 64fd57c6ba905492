"""Opening the SQLite store."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from naosu.domain.errors import StoreUnavailableError
from naosu.storage.migrations import migrate
from naosu.storage.sites import MergeSites, keep_newer
from naosu.storage.sql.store import SqlStore

BUSY_TIMEOUT_MS = 5_000
PAGE_BYTES = 8_192
"""Measured with bodies of 1.0 kB: 1,407 bytes an event, 1,492 with pages of 4,096; the same time to write."""

CACHE_KIB = 4_096
_OPEN_ATTEMPTS_MAX = 50
_OPEN_RETRY_S = 0.1
_VACUUM_PAGES_MAX = 2_000


class SqliteStore(SqlStore):
    """A store in one file, for the processes of one machine."""

    def _give_pages_back(self) -> None:
        with self._reading() as connection:
            # Not within a transaction: both work on the file itself.
            raw = connection.connection.driver_connection
            connection.rollback()
            if raw is None:
                return
            raw.execute(f"PRAGMA incremental_vacuum({_VACUUM_PAGES_MAX})").fetchall()
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def open_sqlite_store(
    path: Path | str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS, merge_sites: MergeSites = keep_newer
) -> SqliteStore:
    """Open the store in this file, made and migrated if need be. Raises StoreUnavailableError.

    Only the server's user can read it. `synchronous=FULL`: the inbox forgets a report when `record` returns, and
    with NORMAL a power cut could undo the last transactions of the write-ahead log. It costs one fsync a batch.

    Args:
        path: The file; its directory must exist.
        busy_timeout_ms: How long to wait for another process's transaction before StoreUnavailableError.
        merge_sites: Joins what two digesters learnt of one site.
    """
    path = Path(path)
    try:
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"{path} cannot be opened: {error.strerror}.") from error
    _prepare(path, busy_timeout_ms)
    engine = _engine(path, busy_timeout_ms)
    migrate(engine)
    return SqliteStore(engine, merge_sites=merge_sites)


def _prepare(path: Path, busy_timeout_ms: int) -> None:
    """Set what is kept in the file itself, while it is empty; another process may be doing the same."""
    for attempt in range(_OPEN_ATTEMPTS_MAX):
        connection = sqlite3.connect(path, timeout=busy_timeout_ms / 1_000, isolation_level=None)
        try:
            connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
        except sqlite3.OperationalError as error:
            if attempt == _OPEN_ATTEMPTS_MAX - 1:
                raise StoreUnavailableError(f"{path} cannot be opened: {error}.") from error
            time.sleep(_OPEN_RETRY_S)
        except sqlite3.DatabaseError as error:
            raise StoreUnavailableError(f"{path} is no SQLite database: {error}.") from error
        else:
            return
        finally:
            connection.close()


def _engine(path: Path, busy_timeout_ms: int) -> Engine:
    engine = create_engine(
        f"sqlite:///{os.fspath(path)}",
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=16,
        connect_args={"timeout": busy_timeout_ms / 1_000, "isolation_level": None, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            f"cache_size=-{CACHE_KIB}",
            "temp_store=MEMORY",
            "journal_size_limit=67108864",
            "wal_autocheckpoint=2000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later could find its view outdated, and fail at once.
        writing = connection.get_execution_options().get("naosu_writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine
