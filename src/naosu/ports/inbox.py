"""The durable queue between the door and the digester."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from naosu.domain.errors import NaosuError
from naosu.domain.report import Delivery, Report, Tally


class InboxFullError(NaosuError):
    """The inbox could not make the reports durable (disk full, over its size): nothing was kept. Retryable."""

    code = "inbox.full"
    status = 503
    retryable = True


class InboxDepth(msgspec.Struct, frozen=True, kw_only=True):
    """What waits in the inbox.

    Attributes:
        report_count: Reports not yet acknowledged.
        oldest_at: When the oldest of them came. None: nothing waits.
    """

    report_count: int
    stored_bytes: int
    oldest_at: datetime | None = None


class InboxWriter(Protocol):
    """The door's side. One writer per process."""

    def append(self, contents: Sequence[Report | Tally]) -> None:
        """Make these durable, all or none; when it returns they survive kill -9 and power loss.

        Raises:
            InboxFullError: Nothing was kept. Retryable.
        """
        ...

    def tick(self) -> None:
        """Do the housekeeping that is due; called about once a second, also when nothing comes."""
        ...

    def close(self) -> None:
        """Release what is held. Nothing durable is lost."""
        ...


class InboxReader(Protocol):
    """The digester's side."""

    def take(self, *, count_max: int, body_bytes_max: int) -> list[Delivery]:
        """Return what waits, oldest first, without removing it; empty when nothing waits.

        What was taken and not acknowledged is not taken again by this reader, until `give_back`.
        """
        ...

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """These are digested for good: forget them, bytes included."""
        ...

    def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """These could not be digested now: deliver them again, as redelivered."""
        ...

    def depth(self) -> InboxDepth:
        """Say how much waits."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...
