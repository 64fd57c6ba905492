"""One segment: a SQLite file that is appended to, sealed, read and removed, but never rewritten."""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import msgspec

from naosu.domain.report import Report, Tally
from naosu.queue.inbox.files import FILE_MODE, SEALING, mark_done, remove_segment

Row = tuple[int, bytes]
KIND_REPORT = 0
KIND_TALLY = 1

_PAGE_BYTES = 16384
_TOKEN_OFFSET = 68  # "application id" in the SQLite file format's header
_CHUNKS = (64, 16, 4, 1)
_ENCODER = msgspec.msgpack.Encoder()
_REPORTS = msgspec.msgpack.Decoder(Report)
_TALLIES = msgspec.msgpack.Decoder(Tally)


def encode(content: Report | Tally) -> Row:
    """Return the row that keeps this."""
    return (KIND_REPORT if isinstance(content, Report) else KIND_TALLY), _ENCODER.encode(content)


def decode(kind: int, content: bytes) -> Report | Tally:
    """Return what a row keeps. Raises msgspec.MsgspecError."""
    return _REPORTS.decode(content) if kind == KIND_REPORT else _TALLIES.decode(content)


@cache
def _template() -> bytes:
    """Return an empty segment in WAL mode. Made in memory: on disk it would cost several syncs."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
    connection.execute("CREATE TABLE report (seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, content BLOB NOT NULL)")
    image = bytearray(connection.serialize())
    connection.close()
    image[18:20] = b"\x02\x02"  # read and write version: WAL
    return bytes(image)


def create_segment(path: Path) -> "WritableSegment":
    """Make a segment that is there as a whole or not at all. Raises OSError, sqlite3.Error."""
    token = secrets.randbits(31)
    image = bytearray(_template())
    image[_TOKEN_OFFSET : _TOKEN_OFFSET + 4] = token.to_bytes(4, "big")
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(image)
            file.flush()
            os.fsync(descriptor)
        os.rename(fresh, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(fresh)
        raise
    return WritableSegment(path)


class WritableSegment:
    """The active segment of a writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.row_count = 0
        self.wal_bytes = 0
        self._wal = Path(f"{path}-wal")
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)
        self._connection.execute("PRAGMA wal_autocheckpoint=0")
        self._connection.execute("PRAGMA synchronous=FULL")

    def append(self, rows: Sequence[Row]) -> None:
        """Make the rows durable, all or none. Raises sqlite3.Error, OSError."""
        self._connection.execute("BEGIN IMMEDIATE")
        start = 0
        for size in _CHUNKS:  # few large statements: each one gives up the interpreter's lock only once
            while len(rows) - start >= size:
                values = [value for row in rows[start : start + size] for value in row]
                self._connection.execute(_insert_statement(size), values)
                start += size
        self._connection.execute("COMMIT")
        self.row_count += len(rows)
        self.wal_bytes = os.stat(self._wal).st_size

    def seal(self) -> None:
        """Close it; no row will follow. Without rows it is removed.

        Closing the last connection would copy the log into the database, that is write everything a second time.
        SQLite leaves that out for a database that has been moved, hence the short change of name.
        """
        self._close(cut=False)

    def abandon(self) -> None:
        """Close it after a failed `append`, of which nothing may be left.

        A failed sync leaves complete frames behind the last good commit, which a later recovery would take for
        committed. They are cut off.
        """
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        self._close(cut=True)

    def _close(self, *, cut: bool) -> None:
        aside = self.path.with_suffix(SEALING)
        os.rename(self.path, aside)
        try:
            self._connection.close()
            if cut and self._wal.exists():
                os.truncate(self._wal, self.wal_bytes)
        finally:
            os.rename(aside, self.path)
        if self.row_count:
            mark_done(self.path, self.row_count)
        else:
            remove_segment(self.path)


@cache
def _insert_statement(row_count: int) -> str:
    marks = ",".join(["(?,?)"] * row_count)
    return f"INSERT INTO report (kind, content) VALUES {marks}"  # noqa: S608 - only question marks go in


class ReadableSegment:
    """A segment as a reader sees it; it never writes, and never copies the log back.

    Raises sqlite3.Error wherever the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        if path.stat().st_size < _PAGE_BYTES:
            raise sqlite3.DatabaseError("shorter than its first page")  # SQLite would throw the log away
        self.path = path
        uri = f"{path.absolute().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=1.0)
        self.token: int = self._connection.execute("PRAGMA application_id").fetchone()[0]

    def rows_after(self, seq: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield (seq, kind, content) of the rows after `seq`, in order."""
        return self._connection.execute("SELECT seq, kind, content FROM report WHERE seq > ? ORDER BY seq", (seq,))

    def last_seq(self) -> int:
        """Return the number of the last row. 0: it has none."""
        return int(self._connection.execute("SELECT coalesce(max(seq), 0) FROM report").fetchone()[0])

    def close(self) -> None:
        """Release the file."""
        self._connection.close()
