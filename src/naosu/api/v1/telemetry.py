"""Transactions, check-ins and log records."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import Query, Request, Response

from naosu.api.answers import documented_answer, json_answer
from naosu.api.auth import Viewer
from naosu.api.context import context_of
from naosu.api.lookups import project_id_of
from naosu.api.parameters import Limit, Period, ProjectFilter
from naosu.api.router import documented_router
from naosu.domain.period import parse_period
from naosu.domain.telemetry import CheckIn, DbSpan, LogRecord
from naosu.ports.store.telemetry import TransactionStats

router = documented_router("/api/v1", "telemetry")
PERIOD_MAX = timedelta(days=400)


class CheckInView(msgspec.Struct, frozen=True, kw_only=True):
    """A heartbeat as a service sent it."""

    project_id: int
    check_in_id: str
    monitor_slug: str
    status: str
    received_at: datetime
    duration_s: float | None
    environment: str
    release: str
    config: msgspec.Raw


class LogView(msgspec.Struct, frozen=True, kw_only=True):
    """One structured log line."""

    project_id: int
    logged_at: datetime
    level: str
    body: str
    trace_id: str
    span_id: str
    attributes: msgspec.Raw


def view_check_in(check_in: CheckIn) -> CheckInView:
    """Show a check-in with its monitor's configuration as JSON."""
    fields = msgspec.structs.asdict(check_in)
    fields["config"] = msgspec.Raw(check_in.config or b"null")
    return CheckInView(**fields)


def view_log(record: LogRecord) -> LogView:
    """Show a log record with its attributes as JSON."""
    fields = msgspec.structs.asdict(record)
    fields["attributes"] = msgspec.Raw(record.attributes or b"{}")
    return LogView(**fields)


@router.get(
    "/transactions",
    summary="Durations by transaction name",
    responses=documented_answer(list[TransactionStats], "The slowest total first."),
)
def list_transactions(
    request: Request, _: Viewer, project: ProjectFilter = None, period: Period = "24h", limit: Limit = 50
) -> Response:
    """Return transactions by name: count, failures, mean and p95 duration, time in the database."""
    context = context_of(request)
    since = context.clock.now() - min(parse_period(period), PERIOD_MAX)
    project_id = project_id_of(context.store, project)
    return json_answer(context.store.transaction_stats(since=since, project_id=project_id, limit=limit))


@router.get(
    "/slow-queries", summary="Slow database calls", responses=documented_answer(list[DbSpan], "The slowest first.")
)
def list_slow_queries(
    request: Request,
    _: Viewer,
    project: ProjectFilter = None,
    period: Period = "24h",
    over_ms: Annotated[float, Query(ge=0, le=3_600_000)] = 500,
    limit: Limit = 50,
) -> Response:
    """Return database calls within transactions that took longer than `over_ms`."""
    context = context_of(request)
    since = context.clock.now() - min(parse_period(period), PERIOD_MAX)
    project_id = project_id_of(context.store, project)
    return json_answer(context.store.slow_db_spans(since=since, over_ms=over_ms, project_id=project_id, limit=limit))


@router.get("/check-ins", summary="List check-ins", responses=documented_answer(list[CheckInView], "Newest first."))
def list_check_ins(request: Request, _: Viewer, project: ProjectFilter = None, limit: Limit = 100) -> Response:
    """Return heartbeats as services sent them."""
    store = context_of(request).store
    found = store.list_check_ins(project_id=project_id_of(store, project), limit=limit)
    return json_answer([view_check_in(check_in) for check_in in found])


@router.get("/logs", summary="List log records", responses=documented_answer(list[LogView], "Newest first."))
def list_logs(
    request: Request,
    _: Viewer,
    project: ProjectFilter = None,
    trace_id: Annotated[str, Query(max_length=64, pattern=r"^[0-9a-fA-F-]*$")] = "",
    limit: Limit = 100,
) -> Response:
    """Return structured log records, of one trace if given."""
    store = context_of(request).store
    found = store.list_logs(project_id=project_id_of(store, project), trace_id=trace_id, limit=limit)
    return json_answer([view_log(record) for record in found])
