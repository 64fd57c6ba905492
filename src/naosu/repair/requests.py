"""Which requests to send to an application, to see its fault and to see that nothing else changed."""

from collections.abc import Sequence

from naosu.domain.evidence import FaultEvidence, WebRequest
from naosu.domain.observation import Described
from naosu.repair.access import distinct

REQUESTS_MAX = 25


def choose_requests(
    evidence: FaultEvidence, *, given: Sequence[WebRequest] = (), described: Described | None = None
) -> tuple[WebRequest, ...]:
    """Return what to send, in order; at most 25."""
    return distinct((*given, *evidence.requests))[:REQUESTS_MAX]
