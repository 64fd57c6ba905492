"""The in-memory twin of the SQLite inbox."""

import threading
from collections.abc import Sequence

import msgspec

from naosu.domain.report import Delivery, Report, Tally
from naosu.ports.inbox import InboxDepth, InboxFullError


class MemoryInbox:
    """Writer and reader in one object. Safe to use from several threads."""

    def __init__(self, *, backlog_bytes_max: int = 256 * 1024 * 1024) -> None:
        self._guard = threading.Lock()
        self._backlog_bytes_max = backlog_bytes_max
        self._waiting: dict[int, Delivery] = {}
        self._taken: dict[int, Delivery] = {}
        self._last_id = 0

    @property
    def backlog_bytes(self) -> int:
        """Bytes of everything not acknowledged."""
        with self._guard:
            return self._stored_bytes()

    def append(self, contents: Sequence[Report | Tally]) -> None:
        """Keep these, all or none. Raises InboxFullError (retryable)."""
        with self._guard:
            if self._stored_bytes() + sum(map(_content_bytes, contents)) > self._backlog_bytes_max:
                raise InboxFullError("The inbox is full.")
            for content in contents:
                self._last_id += 1
                self._waiting[self._last_id] = Delivery(
                    delivery_id=f"memory/0/{self._last_id}", redelivered=False, content=content
                )

    def tick(self) -> None:
        """Nothing is ever due."""

    def take(self, *, count_max: int, body_bytes_max: int) -> list[Delivery]:
        """Return what waits, oldest first; the first one fits whatever its size."""
        deliveries: list[Delivery] = []
        left_bytes = body_bytes_max
        with self._guard:
            for number in sorted(self._waiting)[: max(count_max, 0)]:
                left_bytes -= _content_bytes(self._waiting[number].content)
                if left_bytes < 0 and deliveries:
                    break
                self._taken[number] = self._waiting.pop(number)
                deliveries.append(self._taken[number])
        return deliveries

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Forget these."""
        with self._guard:
            for delivery in deliveries:
                number = _number(delivery)
                self._taken.pop(number, None)
                self._waiting.pop(number, None)

    def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Deliver these again, as redelivered."""
        with self._guard:
            for delivery in deliveries:
                if taken := self._taken.pop(_number(delivery), None):
                    self._waiting[_number(delivery)] = msgspec.structs.replace(taken, redelivered=True)

    def depth(self) -> InboxDepth:
        """Say how much is not acknowledged."""
        with self._guard:
            contents = [delivery.content for _, delivery in sorted({**self._waiting, **self._taken}.items())]
            came_at = [content.received_at for content in contents if isinstance(content, Report)]
            return InboxDepth(
                report_count=len(contents), stored_bytes=self._stored_bytes(), oldest_at=min(came_at, default=None)
            )

    def close(self) -> None:
        """Taken and not acknowledged things wait again."""
        with self._guard:
            for number, taken in self._taken.items():
                self._waiting[number] = msgspec.structs.replace(taken, redelivered=True)
            self._taken.clear()

    def _stored_bytes(self) -> int:
        held = (*self._waiting.values(), *self._taken.values())
        return sum(_content_bytes(delivery.content) for delivery in held)


def _content_bytes(content: Report | Tally) -> int:
    return len(content.body) if isinstance(content, Report) else 0


def _number(delivery: Delivery) -> int:
    return int(delivery.delivery_id.rpartition("/")[2])
