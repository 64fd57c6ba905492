"""Whether earlier repairs of a fault lasted: one that was verified, and whose fault soon came back, did not."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from naosu.domain.attempt import Attempt, AttemptState
from naosu.domain.repair import Verdict


def came_back(attempt: Attempt, *, seen_at: datetime, watch_s: float) -> bool:
    """Say whether a fault that was seen then speaks against a repair that was verified before."""
    if attempt.verdict is not Verdict.FIXED or attempt.ended_at is None:
        return False
    return attempt.ended_at < seen_at <= attempt.ended_at + timedelta(seconds=watch_s)


def ineffective_row(
    attempt: Attempt, history: Sequence[Attempt], *, watch_s: float, since: datetime | None = None
) -> list[Attempt]:
    """Return the repairs of this attempt's fault that did not help, the newest first, back to the last that did.

    Args:
        attempt: About to run, because its fault was seen again.
        history: Attempts for any fault, in any order.
        watch_s: A fault that is back within this time after a verdict *fixed* counts against that repair.
        since: Earlier attempts do not count: a person had a look.
    """
    ran = [
        one
        for one in history
        if one.fingerprint == attempt.fingerprint
        and one.id != attempt.id
        and one.started_at is not None
        and one.ended_at is not None
        and (since is None or one.ended_at > since)
    ]
    ran.sort(key=lambda one: (one.started_at or one.proposed_at, one.id), reverse=True)
    row: list[Attempt] = []
    seen_again_at = attempt.fault_seen_at
    for one in ran:
        if _helped(one, seen_again_at=seen_again_at, watch_s=watch_s):
            break
        row.append(one)
        seen_again_at = one.fault_seen_at
    return row


def _helped(attempt: Attempt, *, seen_again_at: datetime, watch_s: float) -> bool:
    if attempt.state is not AttemptState.FIXED:
        return False
    seen = [at for at in (seen_again_at, attempt.came_back_at) if at is not None]
    return not any(came_back(attempt, seen_at=at, watch_s=watch_s) for at in seen)
