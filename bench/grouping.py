"""How well and how fast events are grouped: `python bench/grouping.py [--json]`.

Quality: issues found, exactly right ones, pairwise precision and recall on the labelled sets (`tests/corpus/grouping/`
and, where present, `../shared/data/grouping/cases.jsonl`), learning first and then assigning, and online in one pass.
Speed: microseconds of `locate` + `group` per recorded event, caches warm.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from naosu.domain.event import Event
from naosu.domain.fingerprint import Grouping, Site
from naosu.group import group, group_events, locate
from naosu.normalize.event import to_event

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
AT = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 20


def online(events: Sequence[Event]) -> list[Grouping]:
    """One pass, as the digester does it."""
    sites: dict[str, Site | None] = {}
    groupings = []
    for event in events:
        crash = locate(event)
        grouping, learnt = group(event, crash, sites.get(crash.site_key))
        if crash.site_key:
            sites[crash.site_key] = learnt
        groupings.append(grouping)
    return groupings


def _pairs(counts: Counter[Any]) -> int:
    return sum(count * (count - 1) // 2 for count in counts.values())


def quality(labels: Sequence[str], groupings: Sequence[Grouping]) -> dict[str, Any]:
    """How the partition compares with the true one."""
    found = [grouping.fingerprint for grouping in groupings]
    both, true, ours = Counter(zip(labels, found, strict=True)), Counter(labels), Counter(found)
    exact = sum(true[label] == ours[fingerprint] == count for (label, fingerprint), count in both.items())
    hits = _pairs(both)
    return {
        "events": len(labels),
        "true_issues": len(true),
        "issues_found": len(ours),
        "exactly_right": exact,
        "precision": round(hits / max(1, _pairs(ours)), 4),
        "recall": round(hits / max(1, _pairs(true)), 4),
    }


def _payloads(path: Path) -> Iterator[dict[str, Any]]:
    body = path.read_bytes()
    at = body.index(b"\n") + 1
    while at < len(body):
        end = body.index(b"\n", at)
        header = json.loads(body[at:end] or b"{}")
        stop = (
            end + 1 + header["length"] if "length" in header else (body.find(b"\n", end + 1) + 1 or len(body) + 1) - 1
        )
        if header.get("type") == "event":
            yield json.loads(body[end + 1 : stop])
        at = stop + 1


def _event(payload: dict[str, Any]) -> Event:
    return to_event(json.dumps(payload).encode(), project_id=1, received_at=AT)


def recorded() -> list[Event]:
    """The recorded envelopes' events; none where they are absent."""
    return [_event(one) for path in sorted(SHARED.glob("envelopes/**/*.envelope")) for one in _payloads(path)]


def speed(events: Sequence[Event], run: Callable[[Sequence[Event]], object]) -> float:
    """CPU microseconds per event, the best of several rounds after one that warms the caches."""
    run(events)
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time()
        run(events)
        spent.append(time.process_time() - started)
    return round(min(spent) / max(1, len(events)) * 1e6, 1)


def measure() -> dict[str, Any]:
    """Every figure."""
    figures: dict[str, Any] = {}
    sets = [*sorted((ROOT / "tests/corpus/grouping").glob("*.jsonl")), SHARED / "grouping" / "cases.jsonl"]
    for path in sets:
        if path.exists():
            cases = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            events = [_event(case["event"]) for case in cases]
            labels = [case["label"] for case in cases]
            figures[path.stem] = quality(labels, group_events(events))
            figures[f"{path.stem}, online"] = quality(labels, online(events))
    events = recorded()
    if events:
        figures["speed"] = {"events": len(events), "us_per_event": speed(events, online)}
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    figures = measure()
    if parser.parse_args().json:
        json.dump(figures, sys.stdout, indent=1)
        return
    for name, values in figures.items():
        print(f"{name:20}", "  ".join(f"{key} {value}" for key, value in values.items()))


if __name__ == "__main__":
    main()
