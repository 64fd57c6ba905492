"""How fast a fresh server accepts and digests the recorded envelopes, and what that costs.

`python bench/ingest.py --json`: three phases on one server: as fast as it takes them for `--seconds` (throughput,
processor time, memory), then 1,000 a second for `--latency-seconds` (latency), then a look at the disk.
"""

import argparse
import asyncio
import json
import statistics
import time
from typing import Any

import uvloop

from load import LoadResult, closed_loop, open_loop, recorded_envelopes, requests
from server import Server


def percentile_ms(latencies_s: list[float], share: float) -> float:
    """Return the latency below which this share of answers came."""
    ordered = sorted(latencies_s)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 2)


def throughput(server: Server, source: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Send as fast as answers come, and wait until all is visible."""
    cpu_before, began = server.cpu_s(), time.perf_counter()
    load: LoadResult = uvloop.run(
        closed_loop(server.port, source, connections=options.connections, seconds=options.seconds)
    )
    accepted = load.statuses.get(200, 0)
    visible_at = server.wait_digested(accepted, timeout_s=600)
    return {
        "accepted": accepted,
        "accepted_per_s": round(accepted / load.seconds, 1),
        "digested_per_s": round(accepted / (visible_at - began), 1),
        "cpu_ms_per_event": round((server.cpu_s() - cpu_before) / accepted * 1000, 3),
        "closed_loop_p50_ms": percentile_ms(load.latencies_s, 0.5),
        "closed_loop_p99_ms": percentile_ms(load.latencies_s, 0.99),
        "other_answers": {str(code): n for code, n in load.statuses.items() if code != 200},
    }


def latency(server: Server, source: Any, options: argparse.Namespace, *, already: int) -> dict[str, Any]:
    """Send at a fixed rate; a late answer counts from when its request was due."""
    load = uvloop.run(open_loop(server.port, source, rate_per_s=options.rate, seconds=options.latency_seconds))
    server.wait_digested(already + load.statuses.get(200, 0), timeout_s=120)
    return {
        "p50_ms": percentile_ms(load.latencies_s, 0.5),
        "p99_ms": percentile_ms(load.latencies_s, 0.99),
        "rate_per_s": options.rate,
    }


def main() -> None:
    """Run the phases and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=60, help="of the throughput phase")
    parser.add_argument("--latency-seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=1000, help="requests a second in the latency phase")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--database", help="PostgreSQL URL instead of SQLite")
    options = parser.parse_args()
    envelopes = recorded_envelopes()
    arguments = ["--database", options.database] if options.database else []
    with Server(*arguments) as server:
        source = requests(envelopes, dsn_key=server.dsn_key, project_id=server.project_id, host="127.0.0.1")
        asyncio.run(closed_loop(server.port, source, connections=4, seconds=30, count_max=200))
        server.wait_digested(200, timeout_s=60)
        figures = throughput(server, source, options)
        figures |= latency(server, source, options, already=figures["accepted"] + 200)
        time.sleep(5)  # the inbox gives back what it held
        stats = server.get("/api/v1/stats")
        samples = server.rss_samples
        figures |= {
            "digested": stats["digested"],
            "sampled": stats.get("sampled", 0),
            "dead": stats["dead"],
            "rss_peak_mb": round(server.rss_peak_bytes / 1e6, 1),
            "pss_peak_mb": round(server.pss_peak_bytes / 1e6, 1),  # what processes share, counted once
            "rss_last_third_mb": round(statistics.median(samples[-len(samples) // 3 :]) / 1e6, 1),
            "bytes_on_disk_per_event": round(server.disk_bytes() / stats["digested"]),
            "ready_s": round(server.ready_s, 2),
        }
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:26} {value}")


if __name__ == "__main__":
    main()
