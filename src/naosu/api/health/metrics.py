"""Prometheus metrics, computed at each scrape from the store's totals, the inbox and the process group."""

import hmac
from collections.abc import Iterable, Iterator

from fastapi import Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from naosu.api.auth import UnauthenticatedError, authenticate
from naosu.api.auth.identity import bearer_of
from naosu.api.context import ApiContext, ProcessInfo, context_of
from naosu.api.overview import check_health, inbox_depth_if_any
from naosu.api.router import documented_router
from naosu.ports.inbox import InboxDepth
from naosu.ports.store.operations import Totals

router = documented_router("", "health", statuses=(400, 401, 413, 503))

LABEL_VALUES_MAX = 50


class ServerCollector(Collector):
    """Describes one installation; its labels are reasons and process names, both few."""

    def __init__(self, context: ApiContext) -> None:
        self._context = context

    def collect(self) -> Iterable[Metric]:
        """Yield all metrics as of now."""
        context = self._context
        yield GaugeMetricFamily("naosu_ready", "1: store and inbox work.", value=int(check_health(context).is_healthy))
        yield _labelled_gauge("naosu_build_info", "Version.", "version", {context.version: 1})
        yield from totals_metrics(context.store.totals())
        depth = inbox_depth_if_any(context)
        if depth is not None:
            yield from inbox_metrics(depth, now_s=context.clock.now().timestamp())
        yield from process_metrics(list(context.processes()))


def totals_metrics(totals: Totals) -> Iterator[Metric]:
    """Yield what became of everything that was sent."""
    yield CounterMetricFamily("naosu_events_digested", "Events visible, sampled ones included.", totals.event_count)
    yield _counter("naosu_accepted", "Things stored, by data category.", "category", totals.accepted)
    yield _counter("naosu_dropped", "Things refused, sampled or dropped, by reason.", "reason", totals.dropped)
    yield _counter("naosu_sampled", "Events counted without their body, by reason.", "reason", totals.sampled)
    yield _counter("naosu_lost_by_client", "Never sent, as SDKs say, by reason.", "reason", totals.lost_by_client)
    yield GaugeMetricFamily("naosu_dead_letters", "Reports that could not be digested.", totals.dead_count)
    yield GaugeMetricFamily("naosu_issues", "Issues.", totals.issue_count)
    yield GaugeMetricFamily("naosu_events_stored", "Events whose bodies are kept.", totals.stored_event_count)


def inbox_metrics(depth: InboxDepth, *, now_s: float) -> Iterator[Metric]:
    """Yield how much waits, and how long."""
    waiting_s = max(0.0, now_s - depth.oldest_at.timestamp()) if depth.oldest_at else 0.0
    yield GaugeMetricFamily("naosu_inbox_reports", "Reports that wait for the digester.", depth.report_count)
    yield GaugeMetricFamily("naosu_inbox_bytes", "Bytes that the inbox holds.", depth.stored_bytes)
    yield GaugeMetricFamily("naosu_inbox_oldest_seconds", "Age of the oldest report that waits.", waiting_s)


def process_metrics(processes: list[ProcessInfo]) -> Iterator[Metric]:
    """Yield CPU and memory by kind of process: a restart makes no new series."""
    names = sorted({process.name for process in processes})
    count = {name: sum(1 for one in processes if one.name == name) for name in names}
    rss = {name: sum(one.rss_bytes for one in processes if one.name == name) for name in names}
    cpu = {name: sum(one.cpu_seconds for one in processes if one.name == name) for name in names}
    restarts = {name: sum(one.restart_count for one in processes if one.name == name) for name in names}
    yield _labelled_gauge("naosu_processes", "Processes by kind.", "process", count)
    yield _labelled_gauge("naosu_process_resident_memory_bytes", "Resident memory by kind.", "process", rss)
    yield _labelled_gauge("naosu_process_cpu_seconds", "CPU time by kind, of those that run.", "process", cpu)
    yield _counter("naosu_process_restarts", "Restarts after a crash, by kind.", "process", restarts)


def bounded(values: dict[str, int]) -> dict[str, int]:
    """Keep the largest values under their own name, and sum the rest as ``other``."""
    ranked = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ranked[:LABEL_VALUES_MAX])
    if rest := sum(value for _, value in ranked[LABEL_VALUES_MAX:]):
        kept["other"] = kept.get("other", 0) + rest
    return kept


def _counter(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, quantity in bounded(values).items():
        family.add_metric([value], quantity)
    return family


def _labelled_gauge(name: str, text: str, label: str, values: dict[str, float] | dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, quantity in values.items():
        family.add_metric([value], quantity)
    return family


def may_scrape(request: Request) -> bool:
    """Say whether this scraper may look: anyone on a loopback binding, else with the metrics token or any identity."""
    settings = context_of(request).settings
    if settings.loopback_only:
        return True
    given = bearer_of(request).encode("utf-8", "surrogatepass")
    if settings.metrics_token and hmac.compare_digest(given, settings.metrics_token.encode()):
        return True
    return authenticate(request) is not None


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    responses={200: {"description": "Text.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    response_class=Response,
)
def get_metrics(request: Request) -> Response:
    """Return metrics in Prometheus' text format."""
    if not may_scrape(request):
        raise UnauthenticatedError("Send the metrics token, or an API token.")
    registry = CollectorRegistry()
    registry.register(ServerCollector(context_of(request)))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
