"""Transactions, check-ins and log records in memory."""

from datetime import datetime

from naosu.domain.telemetry import CheckIn, DbSpan, LogRecord, Transaction
from naosu.ports.store.telemetry import TransactionStats
from naosu.storage.memory.shelves import OnShelves
from naosu.storage.transaction_stats import stats_of


class MemoryTelemetry(OnShelves):
    """What came along with errors."""

    def transaction_stats(
        self, *, since: datetime, project_id: int | None = None, limit: int = 50
    ) -> list[TransactionStats]:
        """Return names with their durations, the slowest total first."""
        rows = ((one.name, one.status, one.duration_ms, one.db_ms) for one in self._transactions(since, project_id))
        return stats_of(rows)[:limit]

    def slow_db_spans(
        self, *, since: datetime, over_ms: float, project_id: int | None = None, limit: int = 50
    ) -> list[DbSpan]:
        """Return database calls that took longer, slowest first."""
        spans = [span for one in self._transactions(since, project_id) for span in one.db_spans]
        slow = [span for span in spans if span.duration_ms > over_ms]
        return sorted(slow, key=lambda span: span.duration_ms, reverse=True)[:limit]

    def _transactions(self, since: datetime, project_id: int | None) -> list[Transaction]:
        with self._shelves.lock:
            rows = self._shelves.transactions
            return [one for one in rows if one.started_at >= since and project_id in {None, one.project_id}]

    def list_check_ins(self, *, project_id: int | None = None, limit: int = 100) -> list[CheckIn]:
        """Return check-ins, newest first."""
        with self._shelves.lock:
            rows = reversed(self._shelves.check_ins)
            return [one for one in rows if project_id in {None, one.project_id}][:limit]

    def list_logs(self, *, project_id: int | None = None, trace_id: str = "", limit: int = 100) -> list[LogRecord]:
        """Return log records, newest first."""
        with self._shelves.lock:
            rows = reversed(self._shelves.logs)
            found = [one for one in rows if project_id in {None, one.project_id} and trace_id in {"", one.trace_id}]
            return found[:limit]
