"""An end to work on one report that takes too long: no sender may stop the digester for all the others."""

import signal
from types import FrameType, TracebackType

from naosu.domain.errors import NaosuError

LIMIT_S = 10.0
"""A report costs less than a millisecond; the largest that the door lets in, less than a second."""


class ReportTooSlowError(NaosuError):
    """Digesting one report took too long. It goes to the dead letters. Not retryable."""

    code = "digest.too_slow"


def _end(number: int, frame: FrameType | None) -> None:
    raise ReportTooSlowError(f"digesting it took over {LIMIT_S:.0f} seconds")


class TimeLimit:
    """A context, to be entered again and again, that ends with ReportTooSlowError after `LIMIT_S`.

    For the main thread of a process, one at a time.
    """

    def __init__(self) -> None:
        signal.signal(signal.SIGALRM, _end)

    def __enter__(self) -> None:
        """Start the clock."""
        signal.setitimer(signal.ITIMER_REAL, LIMIT_S)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock."""
        signal.setitimer(signal.ITIMER_REAL, 0)
