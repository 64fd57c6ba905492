"""Transactions, check-ins and log records."""

from datetime import datetime

import msgspec
from sqlalchemy import select

from naosu.domain.telemetry import CheckIn, DbSpan, LogRecord
from naosu.ports.store.telemetry import TransactionStats
from naosu.storage.sql.session import SqlPart
from naosu.storage.sql.side_tables import check_in, log_record, transaction
from naosu.storage.transaction_stats import stats_of

_ROWS_MAX = 100_000
_SLOW_TRANSACTIONS_MAX = 1_000
_decode_spans = msgspec.json.Decoder(tuple[DbSpan, ...]).decode


class SqlTelemetry(SqlPart):
    """What came along with errors."""

    def transaction_stats(
        self, *, since: datetime, project_id: int | None = None, limit: int = 50
    ) -> list[TransactionStats]:
        """Return names with their durations, the slowest total first; of the newest 100,000 at most."""
        column = transaction.c
        wanted = select(column.name, column.status, column.duration_ms, column.db_ms).where(column.started_at >= since)
        if project_id is not None:
            wanted = wanted.where(column.project_id == project_id)
        with self._reading() as connection:
            rows = connection.execute(wanted.order_by(column.id.desc()).limit(_ROWS_MAX)).all()
        return stats_of((row[0], row[1], row[2], row[3]) for row in rows)[:limit]

    def slow_db_spans(
        self, *, since: datetime, over_ms: float, project_id: int | None = None, limit: int = 50
    ) -> list[DbSpan]:
        """Return database calls that took longer, slowest first."""
        column = transaction.c
        wanted = select(column.db_spans).where(column.started_at >= since, column.db_slowest_ms > over_ms)
        if project_id is not None:
            wanted = wanted.where(column.project_id == project_id)
        with self._reading() as connection:
            found = connection.scalars(wanted.order_by(column.db_slowest_ms.desc()).limit(_SLOW_TRANSACTIONS_MAX)).all()
        slow = [span for spans in found for span in _decode_spans(spans) if span.duration_ms > over_ms]
        return sorted(slow, key=lambda span: span.duration_ms, reverse=True)[:limit]

    def list_check_ins(self, *, project_id: int | None = None, limit: int = 100) -> list[CheckIn]:
        """Return check-ins, newest first."""
        wanted = select(*(check_in.c[name] for name in CheckIn.__struct_fields__)).order_by(check_in.c.id.desc())
        if project_id is not None:
            wanted = wanted.where(check_in.c.project_id == project_id)
        with self._reading() as connection:
            return [CheckIn(**row._asdict()) for row in connection.execute(wanted.limit(limit))]

    def list_logs(self, *, project_id: int | None = None, trace_id: str = "", limit: int = 100) -> list[LogRecord]:
        """Return log records, newest first."""
        column = log_record.c
        wanted = select(*(column[name] for name in LogRecord.__struct_fields__)).order_by(column.id.desc())
        if project_id is not None:
            wanted = wanted.where(column.project_id == project_id)
        if trace_id:
            wanted = wanted.where(column.trace_id == trace_id)
        with self._reading() as connection:
            return [LogRecord(**row._asdict()) for row in connection.execute(wanted.limit(limit))]
