"""The world's own clock."""

from datetime import UTC, datetime


class SystemClock:
    """Wall time of this machine."""

    def now(self) -> datetime:
        """Return the present. UTC, aware."""
        return datetime.now(UTC)
