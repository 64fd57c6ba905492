"""How much waits in the inbox, seen from outside: leases nothing, changes nothing."""

import contextlib
import sqlite3
from datetime import datetime
from pathlib import Path

import msgspec

from naosu.domain.report import Report
from naosu.ports.inbox import InboxDepth
from naosu.queue.inbox import files
from naosu.queue.inbox.cursor import read_cursor
from naosu.queue.inbox.segment import ReadableSegment, decode


def measure_depth(root: Path) -> InboxDepth:
    """Count what is not acknowledged, in all streams."""
    report_count = stored = 0
    oldest: list[datetime] = []
    for stream in files.list_streams(root):
        stored += files.stored_bytes(stream)
        first = True
        for number, seq in _waiting_segments(stream):
            # Opening a segment can cost a look at all of it, and a writer says how many rows a complete one has.
            if not first and (written := files.done_row_count(stream, number)):
                report_count += written - seq
                continue
            path = files.segment_path(stream, number)
            # A segment that vanishes or cannot be read is its reader's business.
            with contextlib.suppress(sqlite3.Error, OSError), contextlib.closing(ReadableSegment(path)) as segment:
                report_count += max(0, segment.last_seq() - seq)
                if first and (came_at := _first_came_at(segment, seq)):
                    oldest.append(came_at)
                    first = False
    return InboxDepth(report_count=report_count, stored_bytes=stored, oldest_at=min(oldest, default=None))


def _waiting_segments(stream: Path) -> list[tuple[int, int]]:
    """Return the segments not wholly digested, with the last digested row of each."""
    cursor = read_cursor(stream)
    waiting = []
    for number in files.list_segments(stream):
        if cursor and number < cursor.segment:
            continue
        waiting.append((number, cursor.seq if cursor and number == cursor.segment else 0))
    return waiting


def _first_came_at(segment: ReadableSegment, seq: int) -> datetime | None:
    for _, kind, content in segment.rows_after(seq):
        with contextlib.suppress(msgspec.MsgspecError):
            first = decode(kind, content)
            if isinstance(first, Report):
                return first.received_at
    return None
