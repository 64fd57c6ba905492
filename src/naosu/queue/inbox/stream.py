"""One stream as its reader sees it: takes rows in order, moves the cursor, removes what is digested."""

import contextlib
import sqlite3
from pathlib import Path

import msgspec
import structlog

from naosu.domain.report import Delivery, Report
from naosu.queue.inbox import files
from naosu.queue.inbox.cursor import Cursor, CursorFile
from naosu.queue.inbox.lock import FileLock, is_held
from naosu.queue.inbox.progress import SegmentProgress
from naosu.queue.inbox.segment import ReadableSegment, decode

_LOG = structlog.get_logger(__name__)
_FAILURES_MAX = 200  # takes in a row; a segment that fails so often holds up all that came after it


class TakeBudget:
    """How much one `take` may still return. The first row always fits, however large."""

    def __init__(self, *, count_max: int, body_bytes_max: int) -> None:
        self._count = count_max
        self._bytes = body_bytes_max
        self.is_spent = count_max <= 0
        self._is_fresh = True

    def admits(self, body_bytes: int) -> bool:
        """Say whether one more of this size may be returned, and count it if so."""
        if self.is_spent or (body_bytes > self._bytes and not self._is_fresh):
            self.is_spent = True
            return False
        self._is_fresh = False
        self._count -= 1
        self._bytes -= body_bytes
        self.is_spent = self._count <= 0
        return True


class _Reading(msgspec.Struct, kw_only=True):
    segment: ReadableSegment
    progress: SegmentProgress
    prefix: str


class LeasedStream:
    """A stream that this process alone reads."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self.corrupt_count = 0
        self._failure_count = 0
        self._lock = lock
        self._cursor_file = CursorFile(path)
        self._cursor = self._cursor_file.read()
        self._readings: dict[int, _Reading] = {}
        self._known = set(files.list_segments(path))
        files.finish_removals(path)

    def take_into(self, deliveries: list[Delivery], budget: TakeBudget) -> None:
        """Append what waits, oldest first, as far as the budget goes; remove segments that are done with."""
        writer_is_gone = not is_held(self.path / files.WRITER_LOCK)
        if writer_is_gone:
            files.finish_sealings(self.path)
        numbers = files.list_segments(self.path)
        for number in numbers:
            if budget.is_spent:
                return
            # Whether rows can still come is asked before reading: what is asked after may have missed some.
            is_closed = writer_is_gone or number < numbers[-1] or files.is_done(self.path, number)
            if not self._take_segment(number, deliveries, budget, is_closed=is_closed):
                return  # a later segment must not be digested first: the cursor would pass over this one

    def _take_segment(self, number: int, deliveries: list[Delivery], budget: TakeBudget, *, is_closed: bool) -> bool:
        """Return whether the next segment may follow."""
        path = files.segment_path(self.path, number)
        if self._cursor and number < self._cursor.segment and number not in self._readings:
            files.remove_segment(path)  # digested, but its reader died before it was removed
            return True
        try:
            reading = self._readings.get(number) or self._open(number)
            self._read(reading, deliveries, budget)
        except FileNotFoundError:
            return False  # being sealed at this instant
        except (sqlite3.Error, OSError) as error:
            return self._forgive_or_set_aside(number, error, is_closed=is_closed)
        self._failure_count = 0
        if is_closed and not budget.is_spent and reading.progress.is_settled:
            self._finish(number, reading)
        return True

    def _read(self, reading: _Reading, deliveries: list[Delivery], budget: TakeBudget) -> None:
        progress = reading.progress
        while returned := progress.next_returned():
            seq, delivery = returned
            if not budget.admits(_body_bytes(delivery)):
                return
            progress.retake(seq)
            deliveries.append(delivery)
        rows = reading.segment.rows_after(progress.taken_seq)
        with contextlib.closing(rows):  # type: ignore[type-var]
            for seq, kind, content in rows:
                if not budget.admits(len(content)):
                    return
                progress.taken_seq = seq
                if fresh := self._to_delivery(reading, seq, kind, content):
                    deliveries.append(fresh)
                if budget.is_spent:
                    return

    def _to_delivery(self, reading: _Reading, seq: int, kind: int, content: bytes) -> Delivery | None:
        try:
            decoded = decode(kind, content)
        except msgspec.MsgspecError as error:
            self.corrupt_count += 1
            _LOG.error("inbox.row_corrupt", delivery_id=f"{reading.prefix}{seq}", error=str(error))
            reading.progress.acknowledge(seq)
            return None
        is_known = seq <= reading.progress.known_seq
        return Delivery(delivery_id=f"{reading.prefix}{seq}", redelivered=is_known, content=decoded)

    def _open(self, number: int) -> _Reading:
        segment = ReadableSegment(files.segment_path(self.path, number))
        try:
            digested_seq = 0
            if self._cursor and (self._cursor.segment, self._cursor.token) == (number, segment.token):
                digested_seq = self._cursor.seq
            known_seq = segment.last_seq() if number in self._known else 0
        except sqlite3.Error:
            segment.close()
            raise
        reading = _Reading(
            segment=segment,
            progress=SegmentProgress(acknowledged_seq=digested_seq, known_seq=known_seq),
            prefix=f"{self.path.name}/{number:08d}-{segment.token:08x}/",
        )
        self._readings[number] = reading
        return reading

    def _forgive_or_set_aside(self, number: int, error: Exception, *, is_closed: bool) -> bool:
        """Set a segment aside when it is closed and damaged, or fails again and again. Return whether it was."""
        self._failure_count += 1
        is_damaged = not isinstance(error, (sqlite3.OperationalError, OSError)) or "no such table" in str(error)
        if not is_closed or not (is_damaged or self._failure_count >= _FAILURES_MAX):
            _LOG.warning("inbox.segment_unreadable", stream=self.path.name, segment=number, error=str(error))
            return False
        self._set_aside(number, str(error))
        return True

    def _set_aside(self, number: int, reason: str) -> None:
        self._forget(number)
        self._failure_count = 0
        self.corrupt_count += 1
        path = files.set_aside(files.segment_path(self.path, number))
        _LOG.error("inbox.segment_corrupt", set_aside=str(path), error=reason)

    def _finish(self, number: int, reading: _Reading) -> None:
        """Remove a segment of which everything is digested, unless its writer says that it had more rows."""
        written = files.done_row_count(self.path, number)
        missing = written - reading.progress.taken_seq
        if missing > 0:
            self._set_aside(number, f"{missing} of {written} rows are missing: the file was truncated")
            return
        self._forget(number)
        files.remove_segment(files.segment_path(self.path, number))

    def settle(self, segment_name: str, seq: int) -> None:
        """Note that a row is digested."""
        if reading := self._find(segment_name):
            reading.progress.acknowledge(seq)

    def give_back(self, segment_name: str, seq: int, delivery: Delivery) -> None:
        """Note that a row is to be delivered again."""
        if reading := self._find(segment_name):
            again = Delivery(delivery_id=delivery.delivery_id, redelivered=True, content=delivery.content)
            reading.progress.give_back(seq, again)

    def _find(self, segment_name: str) -> _Reading | None:
        number = int(segment_name.partition("-")[0])
        reading = self._readings.get(number)
        return reading if reading and reading.prefix == f"{self.path.name}/{segment_name}/" else None

    def move_cursor(self) -> None:
        """Write down how far the stream is digested without a gap."""
        for number in sorted(self._readings):
            reading = self._readings[number]
            self._cursor = Cursor(segment=number, token=reading.segment.token, seq=reading.progress.acknowledged_seq)
            if not reading.progress.is_settled:
                break
        if self._cursor:
            self._cursor_file.write(self._cursor)

    def _forget(self, number: int) -> None:
        if reading := self._readings.pop(number, None):
            reading.segment.close()

    def close(self) -> None:
        """Let others read the stream."""
        for number in list(self._readings):
            self._forget(number)
        self._cursor_file.close()
        self._lock.release()


def _body_bytes(delivery: Delivery) -> int:
    return len(delivery.content.body) if isinstance(delivery.content, Report) else 0
