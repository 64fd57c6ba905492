"""How much of what a writer wrote still waits: its own stream, without what is digested already."""

from pathlib import Path

from naosu.queue.inbox import files
from naosu.queue.inbox.cursor import read_cursor


class OwnBacklog:
    """Bytes that wait in one stream.

    Segments stay on disk for seconds after they are digested, so that the size of the files would look like a backlog
    at a few thousand reports a second. The cursor tells how much of a segment is done with.
    """

    def __init__(self, stream: Path) -> None:
        self._stream = stream
        self._segments: dict[int, tuple[int, int]] = {}
        self._waiting_bytes = 0

    @property
    def waiting_bytes(self) -> int:
        """As measured last, and what was added since."""
        return self._waiting_bytes

    def add(self, number: int, *, row_count: int, segment_bytes: int) -> None:
        """Note how large a segment now is."""
        _, before_bytes = self._segments.get(number, (0, 0))
        self._segments[number] = (row_count, segment_bytes)
        self._waiting_bytes += segment_bytes - before_bytes

    def measure(self) -> None:
        """Look at the cursor, and at what is left of the stream."""
        left = files.list_segments(self._stream)
        self._segments = {number: self._segments[number] for number in left if number in self._segments}
        cursor = read_cursor(self._stream)
        waiting = 0.0
        for number in left:
            row_count, segment_bytes = self._segments.get(number) or (0, files.segment_bytes(self._stream, number))
            if cursor is None or number > cursor.segment:
                waiting += segment_bytes
            elif number == cursor.segment:
                waiting += segment_bytes * (1 - min(1.0, cursor.seq / row_count) if row_count else 1)
        self._waiting_bytes = int(waiting)
