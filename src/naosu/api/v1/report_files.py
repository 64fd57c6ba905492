"""The two report files, ``api_error_metrics.json`` and ``api_error_report.json``, named by the founding document."""

import time
from datetime import datetime, timedelta

import msgspec

from naosu.api.context import ApiContext
from naosu.api.overview import Summary, check_health, errors_query, summarize
from naosu.api.v1.stats import Stats, stats_of
from naosu.api.v1.views import IssueView, view_issue
from naosu.domain.telemetry import DbSpan
from naosu.ports.store import Store
from naosu.ports.store.telemetry import TransactionStats

PERFORMANCE_PERIOD = timedelta(hours=24)
SLOW_QUERY_MS = 500.0
LISTED_MAX = 50


class ReportMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Real-time metrics.

    Attributes:
        fix_success_rate: Share of repairs with the verdict *fixed*, 0 to 1. None: none was attempted.
        response_time: Seconds that the look at this server's store and inbox took.
        status_code: What this server's `/readyz` answers.
        cpu_percent: Of all processes of this server; 100 is one core.
        query_time_ms: Mean time that watched transactions spent in their database, last 24 h. None: no transactions.
        store_query_time_ms: How long this server's own store took to answer one query.
        transaction_time_ms: Mean duration of watched transactions, last 24 h. None: no transactions.
    """

    generated_at: datetime
    total_errors: int
    errors_by_category: dict[str, int]
    errors_by_severity: dict[str, int]
    fix_success_rate: float | None
    response_time: float
    is_healthy: bool
    status_code: int
    cpu_percent: float
    memory_bytes: int
    query_time_ms: float | None
    store_query_time_ms: float
    transaction_time_ms: float | None


class ReportDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The detailed report."""

    generated_at: datetime
    version: str
    metrics: ReportMetrics
    summary: Summary
    stats: Stats
    errors: tuple[IssueView, ...]
    transactions: tuple[TransactionStats, ...]
    slow_queries: tuple[DbSpan, ...]
    recommendations: tuple[str, ...]


def mean_ms(transactions: list[TransactionStats], field: str) -> float | None:
    """Return the mean over all transactions, weighted by their count. None: there are none."""
    count = sum(one.count for one in transactions)
    if not count:
        return None
    total_ms = sum(float(getattr(one, field)) * one.count for one in transactions)
    return round(total_ms / count, 3)


def store_query_time_ms(store: Store) -> float:
    """Measure one look at the totals."""
    started_s = time.perf_counter()
    store.totals()
    return round((time.perf_counter() - started_s) * 1_000, 3)


def report_metrics(context: ApiContext, *, project_id: int | None = None) -> ReportMetrics:
    """Make the content of ``api_error_metrics.json``."""
    now = context.clock.now()
    summary = summarize(context.store, project_id=project_id)
    health = check_health(context)
    processes = list(context.processes())
    transactions = context.store.transaction_stats(since=now - PERFORMANCE_PERIOD, project_id=project_id)
    return ReportMetrics(
        generated_at=now,
        total_errors=summary.total_errors,
        errors_by_category=summary.by_category,
        errors_by_severity=summary.by_severity,
        fix_success_rate=None,
        response_time=health.response_time_s,
        is_healthy=health.is_healthy,
        status_code=health.status_code,
        cpu_percent=round(sum(one.cpu_percent for one in processes), 1),
        memory_bytes=sum(one.rss_bytes for one in processes),
        query_time_ms=mean_ms(transactions, "db_mean_ms"),
        store_query_time_ms=store_query_time_ms(context.store),
        transaction_time_ms=mean_ms(transactions, "mean_ms"),
    )


def recommend(issues: tuple[IssueView, ...], stats: Stats) -> tuple[str, ...]:
    """Say what to look at first, the worst first; nothing when nothing is open."""
    advice = [
        f"{issue.short_id} ({issue.severity}, {issue.event_count} events): {issue.title}"
        for issue in issues
        if issue.status == "open" and issue.severity in ("CRITICAL", "HIGH")
    ][:10]
    if stats.dead:
        advice.append(f"{stats.dead} reports could not be digested: see the dead letters.")
    if stats.dropped:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(stats.dropped.items()))
        advice.append(f"Some reports were dropped: {reasons}.")
    return tuple(advice)


def report_details(context: ApiContext, *, project_id: int | None = None) -> ReportDetails:
    """Make the content of ``api_error_report.json``."""
    now = context.clock.now()
    store = context.store
    query = errors_query(severity=None, category=None, project_id=project_id)
    issues = tuple(
        view_issue(issue, context.public_url) for issue in store.find_issues(query, now=now, limit=LISTED_MAX).issues
    )
    stats = stats_of(store.totals(project_id), pending=context.inbox_depth().report_count)
    since = now - PERFORMANCE_PERIOD
    return ReportDetails(
        generated_at=now,
        version=context.version,
        metrics=report_metrics(context, project_id=project_id),
        summary=summarize(store, project_id=project_id),
        stats=stats,
        errors=issues,
        transactions=tuple(store.transaction_stats(since=since, project_id=project_id)),
        slow_queries=tuple(store.slow_db_spans(since=since, over_ms=SLOW_QUERY_MS, project_id=project_id)),
        recommendations=recommend(issues, stats),
    )
