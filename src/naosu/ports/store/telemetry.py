"""Reading back what came along with errors."""

from datetime import datetime
from typing import Protocol

import msgspec

from naosu.domain.telemetry import CheckIn, DbSpan, LogRecord


class TransactionStats(msgspec.Struct, frozen=True, kw_only=True):
    """Transactions of one name."""

    name: str
    count: int
    failed_count: int
    mean_ms: float
    p95_ms: float
    db_mean_ms: float


class TelemetryStore(Protocol):
    """Transactions, check-ins and log records. Later parts read more of them."""

    def transaction_stats(
        self, *, since: datetime, project_id: int | None = None, limit: int = 50
    ) -> list[TransactionStats]:
        """Return names with their durations, the slowest total first."""
        ...

    def slow_db_spans(
        self, *, since: datetime, over_ms: float, project_id: int | None = None, limit: int = 50
    ) -> list[DbSpan]:
        """Return database calls that took longer, slowest first."""
        ...

    def list_check_ins(self, *, project_id: int | None = None, limit: int = 100) -> list[CheckIn]:
        """Return check-ins, newest first."""
        ...

    def list_logs(self, *, project_id: int | None = None, trace_id: str = "", limit: int = 100) -> list[LogRecord]:
        """Return log records, newest first."""
        ...
