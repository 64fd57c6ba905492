"""Adding up transactions by name."""

from collections.abc import Iterable

from naosu.ports.store.telemetry import TransactionStats

_P95 = 0.95
_FINE = {"", "ok", "unset", "unknown"}


def stats_of(rows: Iterable[tuple[str, str, float, float]]) -> list[TransactionStats]:
    """Return stats of ``(name, status, duration_ms, db_ms)`` rows, the slowest total first."""
    by_name: dict[str, list[tuple[str, float, float]]] = {}
    for name, status, duration_ms, db_ms in rows:
        by_name.setdefault(name, []).append((status, duration_ms, db_ms))
    ranked = sorted(by_name.items(), key=lambda item: -sum(duration for _, duration, _ in item[1]))
    return [_stats(name, runs) for name, runs in ranked]


def _stats(name: str, runs: list[tuple[str, float, float]]) -> TransactionStats:
    durations = sorted(duration for _, duration, _ in runs)
    count = len(runs)
    return TransactionStats(
        name=name,
        count=count,
        failed_count=sum(status not in _FINE for status, _, _ in runs),
        mean_ms=sum(durations) / count,
        p95_ms=durations[min(int(count * _P95), count - 1)],
        db_mean_ms=sum(db_ms for _, _, db_ms in runs) / count,
    )
