"""Where time comes from."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """A source of wall time."""

    def now(self) -> datetime:
        """Return the present. UTC, aware."""
        ...
