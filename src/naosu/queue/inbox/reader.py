"""The digester's side of the inbox: leases streams, takes from them, and forgets what is digested."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from naosu.domain.report import Delivery
from naosu.ports.inbox import InboxDepth
from naosu.queue.inbox import files
from naosu.queue.inbox.depth import measure_depth
from naosu.queue.inbox.lock import FileLock
from naosu.queue.inbox.settings import InboxSettings
from naosu.queue.inbox.stream import LeasedStream, TakeBudget


class SqliteInboxReader:
    """Reads the streams under `root` that no other reader holds; takes over those whose reader died.

    It takes on one more stream at a time, so that readers that start together share them. Safe to use from several
    threads.
    """

    def __init__(self, root: Path, settings: InboxSettings | None = None) -> None:
        self._root = root
        self._settings = settings or InboxSettings()
        self._streams: dict[str, LeasedStream] = {}
        self._order: list[str] = []
        self._guard = threading.Lock()
        self._looked_at_s = float("-inf")
        files.make_directory(root)

    @property
    def corrupt_count(self) -> int:
        """Segments set aside and rows skipped since this reader began, because they could not be read."""
        return sum(stream.corrupt_count for stream in self._streams.values())

    def take(self, *, count_max: int, body_bytes_max: int) -> list[Delivery]:
        """Return what waits, oldest first within each stream; empty when nothing waits."""
        deliveries: list[Delivery] = []
        budget = TakeBudget(count_max=count_max, body_bytes_max=body_bytes_max)
        with self._guard:
            self._lease_one_more()
            for name in self._order:
                if budget.is_spent:
                    break
                self._streams[name].take_into(deliveries, budget)
            self._order = self._order[1:] + self._order[:1]  # every stream is first in its turn
        return deliveries

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Forget these. Their bytes leave the disk when their segment is complete, within seconds."""
        with self._guard:
            touched = set()
            for stream, segment_name, seq, _ in self._locate(deliveries):
                stream.settle(segment_name, seq)
                touched.add(stream.path.name)
            for name in touched:
                self._streams[name].move_cursor()

    def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Deliver these again, as redelivered, before anything newer of their segment."""
        with self._guard:
            for stream, segment_name, seq, delivery in self._locate(deliveries):
                stream.give_back(segment_name, seq, delivery)

    def depth(self) -> InboxDepth:
        """Say how much waits in all streams, whoever reads them."""
        return measure_depth(self._root)

    def close(self) -> None:
        """Let other readers have the streams. What is not acknowledged is delivered to them."""
        with self._guard:
            for stream in self._streams.values():
                stream.close()
            self._streams.clear()
            self._order.clear()

    def _locate(self, deliveries: Sequence[Delivery]) -> Iterator[tuple[LeasedStream, str, int, Delivery]]:
        for delivery in deliveries:
            name, segment_name, seq = delivery.delivery_id.rsplit("/", 2)
            if stream := self._streams.get(name):
                yield stream, segment_name, int(seq), delivery

    def _lease_one_more(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_at_s < self._settings.lease_interval_s:
            return
        self._looked_at_s = now_s
        for path in files.list_streams(self._root):
            if path.name not in self._streams and (lock := FileLock.try_acquire(path / files.READER_LOCK)):
                self._streams[path.name] = LeasedStream(path, lock)
                self._order.append(path.name)
                return
