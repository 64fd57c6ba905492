"""Connections, transactions, and what their failures mean."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from naosu.domain.errors import StoreUnavailableError
from naosu.storage.bodies import BodyReader
from naosu.storage.sites import MergeSites, keep_newer
from naosu.storage.sql.cache import DigestCache
from naosu.storage.sql.tables import counter, dictionary

# Primary result codes (sqlite.org/rescode.html) that say "not now" and nothing about our SQL:
# busy, locked, out of memory, read-only, I/O error, corrupt, full, cannot open, protocol, not a database.
_SQLITE_UNAVAILABLE = {5, 6, 7, 8, 10, 11, 13, 14, 15, 26}

_TEXTS = {
    5: ("The database is locked by another process.", "Look for a backup or a shell that holds it."),
    13: ("The disk that holds the database is full.", "Free some space; what was refused will be tried again."),
    8: ("The database cannot be written.", "Check the owner and the mode of the data directory."),
}


class SqlPart:
    """What each part of a SQL store works on."""

    def __init__(self, engine: Engine, *, merge_sites: MergeSites = keep_newer) -> None:
        self._engine = engine
        self._merge_sites = merge_sites
        self._cache = DigestCache()
        self._record_lock = threading.Lock()
        self._bodies = BodyReader(self._load_dictionary)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Open a connection on one consistent view."""
        with translated_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self, *, visible: bool = True, wrongs_caches: bool = False) -> Iterator[Connection]:
        """Open a transaction that is committed at the end, or rolled back on any error.

        Args:
            visible: Something that a person sees changes.
            wrongs_caches: What digesters remember becomes wrong: they read it again.
        """
        with translated_errors(), self._writing_untranslated(visible=visible) as connection:
            if wrongs_caches:
                # Taken first, so that no digester is in the middle of a batch.
                bump(connection, "epoch")
            yield connection

    @contextmanager
    def _writing_untranslated(self, *, visible: bool = True) -> Iterator[Connection]:
        with (
            self._engine.connect().execution_options(naosu_writing=True) as connection,
            connection.begin(),
        ):
            yield connection
            if visible:
                # Last, since every other writer waits for this row.
                bump(connection, "changes")

    def _load_dictionary(self, dictionary_id: int) -> bytes | None:
        with self._reading() as connection:
            return connection.scalar(select(dictionary.c.content).where(dictionary.c.id == dictionary_id))


def bump(connection: Connection, name: str) -> None:
    """Make a counter grow."""
    connection.execute(update(counter).where(counter.c.name == name).values(value=counter.c.value + 1))


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise StoreUnavailableError for what the database, and not our statement, is to blame for."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        unavailable = as_unavailable(error)
        if unavailable is None:
            raise
        raise unavailable from error


def as_unavailable(error: DBAPIError) -> StoreUnavailableError | None:
    """Return the error to raise instead. None: it is a fault of ours."""
    code: Any = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        primary = code & 0xFF
        if primary not in _SQLITE_UNAVAILABLE:
            return None
        text, mend = _TEXTS.get(primary, (f"The database cannot be used: {error.orig}.", ""))
        return StoreUnavailableError(text, mend=mend)
    if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
        return StoreUnavailableError(f"The database cannot be reached: {str(error.orig).strip()[:300]}")
    return None
