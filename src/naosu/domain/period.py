"""Periods as people write them: ``24h``, ``14d``."""

import re
from datetime import timedelta

from naosu.domain.errors import InvalidInputError

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_PERIOD = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_SECONDS_MAX = 100 * 365 * 86_400  # longer than anything is kept, and short enough to keep dates representable


class InvalidPeriodError(InvalidInputError):
    """A text that is no period. Not retryable as it is."""

    code = "period.invalid"


def parse_period(text: str) -> timedelta:
    """Read ``24h``, ``14d``, ``90m``, ``2w`` or ``30s``; what is over a century is a century.

    Raises:
        InvalidPeriodError: It is none. Not retryable.
    """
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise InvalidPeriodError(f"Not a period: {text[:40]!r}. Write a number and one of s, m, h, d, w.")
    return timedelta(seconds=min(int(match[1]) * _SECONDS[match[2]], _SECONDS_MAX))
