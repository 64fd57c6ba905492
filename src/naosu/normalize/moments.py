"""Times as senders write them."""

from datetime import UTC, datetime, timedelta

AHEAD_MAX = timedelta(minutes=1)
BEHIND_MAX = timedelta(days=30)
_MILLISECONDS_FROM = 1e11  # no event happens in the year 5138: larger numbers are milliseconds, and so on
_MICROSECONDS_FROM = 1e14
_NANOSECONDS_FROM = 1e17


def read_moment(value: str | int | float | None) -> datetime | None:
    """Read seconds since 1970 (or milli-, micro-, nanoseconds, as a number or in a text) or an ISO 8601 time.

    A time without a zone is UTC. None: it cannot be read.
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return _from_number_text(value)
        try:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:
            return None
    return None if value is None or isinstance(value, bool) else _from_number(float(value))


def _from_number_text(value: str) -> datetime | None:
    try:
        return _from_number(float(value))
    except ValueError:
        return None


def _from_number(seconds: float) -> datetime | None:
    if seconds >= _NANOSECONDS_FROM:
        seconds /= 1e9
    elif seconds >= _MICROSECONDS_FROM:
        seconds /= 1e6
    elif seconds >= _MILLISECONDS_FROM:
        seconds /= 1e3
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def plausible(moment: datetime | None, received_at: datetime) -> datetime:
    """Return the sender's time unless it is absurd: over a minute ahead of ours, or more than thirty days behind."""
    if moment is None or moment - received_at > AHEAD_MAX or received_at - moment > BEHIND_MAX:
        return received_at
    return moment
