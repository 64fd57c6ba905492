"""A report that could not be digested, kept so that it can be tried again."""

from datetime import datetime

import msgspec

from naosu.domain.report import Report


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A poison report and why it is one.

    Attributes:
        id: 0 before it is stored.
        reason: Stable name, as in the ledger.
        detail: What went wrong, in a sentence.
        attempts: How often it was tried.
    """

    id: int = 0
    project_id: int
    reason: str
    detail: str
    died_at: datetime
    attempts: int = 1
    report: Report
