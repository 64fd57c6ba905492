"""The one switch that ends all repairing at once."""

from datetime import datetime

import msgspec

from naosu.domain.errors import ConflictError


class RepairStop(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is repaired, in no project and by no process, until somebody says go.

    Attributes:
        by: Who stopped it.
        reason: As they gave it.
    """

    stopped_at: datetime
    by: str
    reason: str = ""


class RepairStoppedError(ConflictError):
    """Repairing is stopped, so nothing begins. Not retryable until somebody says go."""

    code = "repair.stopped"
