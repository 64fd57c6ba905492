"""Evidence from what a server wrote, or from a stored event."""

from naosu.domain.evidence import FaultEvidence
from naosu.ports.fixer import SourceTree
from naosu.repair.access import distinct, requests_of
from naosu.repair.event_reading import read_event
from naosu.repair.frames import FrameMatcher, merged
from naosu.repair.log_lines import plain_lines
from naosu.repair.masking import masked
from naosu.repair.tracebacks import read_tracebacks

__all__ = ["join_evidence", "read_event", "read_log"]

LOG_CHARS_MAX = 4_000_000


def read_log(text: str, source: SourceTree) -> FaultEvidence:
    """Read a log as servers print it, however it was collected: tracebacks and requests. Of a long one the end counts.

    Args:
        text: Lines of uvicorn, gunicorn, hypercorn, flask, django or nginx; JSON lines; with journald's or a
            container's marks before each line; a bare traceback; cut off at either end.
        source: Where the application's own frames are looked up.
    """
    lines = plain_lines(text[-LOG_CHARS_MAX:])
    matcher = FrameMatcher(source)
    return FaultEvidence(
        crashes=merged(matcher.crash(chain) for chain in read_tracebacks(lines)),
        requests=requests_of(lines),
        log=masked("\n".join(lines)),
    )


def join_evidence(*several: FaultEvidence) -> FaultEvidence:
    """Return what several pieces of evidence say together, each thing once."""
    return FaultEvidence(
        crashes=merged(crash for one in several for crash in one.crashes),
        requests=distinct(request for one in several for request in one.requests),
        log="\n".join(one.log for one in several if one.log),
    )
