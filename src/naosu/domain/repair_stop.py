"""The one switch that ends all repairing at once."""

from datetime import datetime

import msgspec


class RepairStop(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is repaired, in no project and by no process, until somebody says go.

    Attributes:
        by: Who stopped it.
        reason: As they gave it.
    """

    stopped_at: datetime
    by: str
    reason: str = ""
