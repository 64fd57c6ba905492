"""The right to act on one target, for a while, by one process alone."""

from datetime import datetime

import msgspec

from naosu.domain.errors import ConflictError


class LeaseLostError(ConflictError):
    """The lease has run out, or another process has it by now: what was done under it must stop. Not retryable."""

    code = "repair.lease_lost"


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """One holder's right to act on a target.

    Attributes:
        owner: The process: unique over all machines and restarts.
        token: Grows with every change of hands, and is never given twice: a target that has seen a higher one refuses
            the lower.
        expires_at: From this instant on another process may take it.
    """

    target: str
    owner: str
    token: int
    expires_at: datetime

    def is_held(self, *, now: datetime) -> bool:
        """Say whether it still keeps others away."""
        return bool(self.owner) and now < self.expires_at
