"""The door's side of the inbox: appends to its own stream, one sync per call."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from naosu.domain.report import Report, Tally
from naosu.ports.inbox import InboxDepth, InboxFullError
from naosu.queue.inbox import files
from naosu.queue.inbox.backlog import OwnBacklog
from naosu.queue.inbox.cursor import read_cursor
from naosu.queue.inbox.depth import measure_depth
from naosu.queue.inbox.lock import FileLock
from naosu.queue.inbox.room import refuse_when_full
from naosu.queue.inbox.segment import Row, WritableSegment, create_segment, encode
from naosu.queue.inbox.settings import InboxSettings

_LOG = structlog.get_logger(__name__)
_NAMES_MAX = 1000
_LOCK_TRIES = 3
_LOCK_PAUSE_S = 0.01


class SqliteInboxWriter:
    """Appends reports to segments in ``root/<name>/``. Safe to use from several threads.

    When another living process writes under `name` (an old one that still drains), ``<name>.1`` and so on is taken.
    """

    def __init__(self, root: Path, name: str, settings: InboxSettings | None = None) -> None:
        self._root = root
        self._settings = settings or InboxSettings()
        self._guard = threading.Lock()
        self._segment: WritableSegment | None = None
        self._begun_at_s = 0.0
        files.make_directory(root)
        self.stream, self._lock = _own_stream(root, name)
        files.finish_sealings(self.stream)
        cursor = read_cursor(self.stream)
        self._number = max(files.last_number(self.stream), cursor.segment if cursor else 0)
        self._own = OwnBacklog(self.stream)
        self._stored_bytes = 0
        self._is_refusing = False
        self._measure_backlog()

    def append(self, contents: Sequence[Report | Tally]) -> None:
        """Make these durable, all or none. Raises InboxFullError (retryable): nothing was kept."""
        rows = [encode(content) for content in contents]
        if not rows:
            return
        with self._guard:
            try:
                refuse_when_full(
                    self.stream,
                    stored_bytes=self._stored_bytes,
                    content_bytes=sum(len(content) for _, content in rows),
                    settings=self._settings,
                )
                self._write(rows)
            except InboxFullError as error:
                self._note_refusal(error)
                raise
            self._note_success()

    def tick(self) -> None:
        """Seal a segment that is old enough, and measure the backlog anew."""
        with self._guard:
            if self._segment is not None and self._is_due():
                self._seal_segment()
            self._measure_backlog()

    def depth(self) -> InboxDepth:
        """Say how much waits in all streams, whoever reads them."""
        return measure_depth(self._root)

    @property
    def backlog_bytes(self) -> int:
        """Bytes in this writer's stream that are not digested, measured at the last `tick`, and what came since."""
        return self._own.waiting_bytes

    def close(self) -> None:
        """Seal the active segment and let the stream go."""
        with self._guard:
            self._seal_segment()
            self._lock.release()

    def _is_due(self) -> bool:
        is_old = time.monotonic() - self._begun_at_s >= self._settings.segment_age_max_s
        return is_old and len(files.list_segments(self.stream)) <= self._settings.segments_by_age_max

    def _active_segment(self) -> WritableSegment:
        if self._segment is None:
            self._number += 1
            self._segment = create_segment(files.segment_path(self.stream, self._number))
            self._begun_at_s = time.monotonic()
        return self._segment

    def _seal_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is None:
            return
        try:
            segment.seal()
        except (sqlite3.Error, OSError) as error:  # what was appended to it is durable all the same
            _LOG.warning("inbox.seal_failed", segment=str(segment.path), error=str(error))

    def _write(self, rows: Sequence[Row]) -> None:
        try:
            segment = self._active_segment()
            before_bytes = segment.wal_bytes
            segment.append(rows)
        except (sqlite3.Error, OSError) as error:
            self._abandon_segment()
            raise InboxFullError(f"The inbox cannot be written: {error}") from error
        self._stored_bytes += segment.wal_bytes - before_bytes
        self._own.add(self._number, row_count=segment.row_count, segment_bytes=segment.wal_bytes)
        if segment.wal_bytes > self._settings.segment_bytes_max:
            self._seal_segment()

    def _note_refusal(self, error: InboxFullError) -> None:
        """Log the first refusal of a row of them only: there may be hundreds in a second."""
        if not self._is_refusing:
            self._is_refusing = True
            _LOG.error("inbox.refusing", stream=self.stream.name, error=str(error), mend=error.mend)

    def _note_success(self) -> None:
        if self._is_refusing:
            self._is_refusing = False
            _LOG.warning("inbox.accepting_again", stream=self.stream.name)

    def _abandon_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            with contextlib.suppress(sqlite3.Error, OSError):
                segment.abandon()

    def _measure_backlog(self) -> None:
        self._own.measure()
        self._stored_bytes = sum(files.stored_bytes(stream) for stream in files.list_streams(self._root))


def _own_stream(root: Path, name: str) -> tuple[Path, FileLock]:
    for attempt in range(_NAMES_MAX):
        stream = root / (f"{name}.{attempt}" if attempt else name)
        files.make_directory(stream)
        for _ in range(_LOCK_TRIES):  # a reader that looks whether the writer lives holds the lock for an instant
            if lock := FileLock.try_acquire(stream / files.WRITER_LOCK):
                return stream, lock
            time.sleep(_LOCK_PAUSE_S)
    raise InboxFullError(f"{_NAMES_MAX} writers already use the inbox under the name {name}.")
