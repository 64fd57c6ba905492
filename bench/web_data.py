"""Makes a store with a million events in ten thousand issues, through the store's own `record`.

    python bench/web_data.py --database /tmp/big.db [--events 1000000] [--issues 10000] [--envelopes DIR]

Issues are hit as in life: a few very often, most of them rarely (Zipf). Bodies are those of recorded envelopes where a
directory of them is given, else made up; compressed by zstd with a dictionary trained on them. Prints JSON:
microseconds and bytes on disk for each event.
"""

import argparse
import bisect
import itertools
import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import zstandard

from naosu.domain.classification import Category, Classification, Evidence, Severity
from naosu.domain.event import Event, ExceptionValue, Level, User
from naosu.domain.fingerprint import Grouping, GroupingPart
from naosu.ports.store import Store
from naosu.ports.store.digest import DigestBatch, DigestedEvent
from naosu.storage.postgres import open_postgres_store
from naosu.storage.sqlite import open_sqlite_store

DAYS = 30
BATCH_EVENTS = 5_000
DICTIONARY_BYTES = 112_640
BODIES_MAX = 2_000
ENVIRONMENTS = ("production", "staging", "canary")
KINDS = ("KeyError", "ValueError", "OperationalError", "TimeoutError", "IntegrityError", "TypeError", "HTTPException")
CATEGORIES, SEVERITIES = tuple(Category), tuple(Severity)
PLANS = ("free", "team", "business")
PLACES = ("checkout", "billing", "search", "login", "catalogue", "mail", "report")


def payloads(directory: Path | None, rng: random.Random) -> list[bytes]:
    """Return event payloads as they are after digest, each a little different from the others."""
    bases = [base for path in sorted(directory.glob("*.envelope")) for base in _events_in(path)] if directory else []
    bases = bases or [_made_up(rng, at) for at in range(40)]
    made = []
    for at in range(BODIES_MAX):
        event = dict(bases[at % len(bases)])
        event["event_id"] = f"{rng.getrandbits(128):032x}"
        event["timestamp"] = 1_790_000_000 + rng.random() * 1e6
        event["contexts"] = {**event.get("contexts", {}), "trace": {"trace_id": f"{rng.getrandbits(128):032x}"}}
        event["user"] = {"id": str(rng.randrange(100_000))}
        event["extra"] = {**event.get("extra", {}), "request_id": f"{rng.getrandbits(64):x}", "n": rng.random()}
        made.append(json.dumps(event).encode())
    return made


def _events_in(path: Path) -> Iterator[dict]:
    for line in path.read_bytes().splitlines():
        if line.startswith(b"{"):
            value = json.loads(line)
            if "exception" in value:
                yield value


def _made_up(rng: random.Random, at: int) -> dict:
    frames = [
        {
            "filename": f"shop/{rng.choice(PLACES)}.py",
            "function": f"{rng.choice(PLACES)}_{depth}",
            "lineno": rng.randrange(900),
            "context_line": f"    result = {rng.choice(PLACES)}(order, retry={depth})",
            "pre_context": [f"    step_{at}_{line}()" for line in range(5)],
            "vars": {name: repr(rng.random()) for name in PLACES},
        }
        for depth in range(20)
    ]
    exception = {"type": KINDS[at % len(KINDS)], "value": f"case {at}", "stacktrace": {"frames": frames}}
    return {"platform": "python", "exception": {"values": [exception]}, "tags": {"plan": rng.choice(PLANS)}}


class Maker:
    """Makes events of `issue_count` issues, spread over the last thirty days."""

    def __init__(self, bodies: list[bytes], dictionary_id: int, issue_count: int, event_count: int, seed: int) -> None:
        self._rng = random.Random(seed)
        self._bodies = bodies
        self._dictionary_id = dictionary_id
        self._weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(issue_count)))
        self._issue_count = issue_count
        self._event_count = event_count
        self._start = datetime.now(UTC) - timedelta(days=DAYS)

    def batches(self) -> Iterator[DigestBatch]:
        """Yield all batches, in order of time."""
        for first in range(0, self._event_count, BATCH_EVENTS):
            count = min(BATCH_EVENTS, self._event_count - first)
            events = tuple(self._event(number) for number in range(first, first + count))
            yield DigestBatch(events=events, delivery_ids=tuple(f"bench/{first + at}" for at in range(count)))

    def _event(self, number: int) -> DigestedEvent:
        rng = self._rng
        # Each issue comes once in the first events, so that there are as many as was asked for.
        rank = number
        if number >= self._issue_count:
            rank = bisect.bisect(self._weights, rng.random() * self._weights[-1])
        at = self._start + timedelta(seconds=DAYS * 86_400 * number / self._event_count)
        kind, place = KINDS[rank % len(KINDS)], PLACES[rank % len(PLACES)]
        title = f"{kind}: {place} failed in case {rank}"
        event = Event(
            event_id=f"{rng.getrandbits(128):032x}",
            project_id=1,
            occurred_at=at - timedelta(milliseconds=rng.randrange(2_000)),
            received_at=at,
            platform="python",
            level=Level.ERROR if rank % 5 else Level.WARNING,
            logger=f"shop.{place}",
            transaction=f"/{place}/{rank % 50}",
            server_name=f"web-{rng.randrange(8)}",
            release=f"shop@1.{int(DAYS * number / self._event_count)}.0",
            environment=ENVIRONMENTS[min(rng.randrange(10), 2)],
            exceptions=(ExceptionValue(type=kind, value=title, handled=bool(rank % 3)),),
            message="",
            user=User(id=str(rng.randrange(50_000))) if rng.random() < 0.7 else User(),
            tags=(("plan", rng.choice(PLANS)), ("runtime", "CPython 3.12"), ("url_name", place)),
        )
        return DigestedEvent(
            event=event,
            grouping=Grouping(
                fingerprint=f"v1:{rank:032x}",
                title=title,
                culprit=f"{place}_{rank % 100} in shop.{place}",
                caller=f"main > handle > {place}_{rank % 100}",
                parts=(GroupingPart("exception types", kind, "what went wrong"),),
            ),
            classification=Classification(
                category=CATEGORIES[rank % len(CATEGORIES)],
                severity=SEVERITIES[rank % len(SEVERITIES)],
                rule_id="core/rule",
                evidence=(Evidence("exception.type", kind),),
            ),
            body=self._bodies[rng.randrange(len(self._bodies))],
            dictionary_id=self._dictionary_id,
            signature=f"s{rank}",
        )


def fill(store: Store, *, event_count: int, issue_count: int, envelopes: Path | None, seed: int = 1) -> dict:
    """Fill an empty store, and return what it cost."""
    now = datetime.now(UTC)
    if not store.list_projects():
        store.create_project(name="Shop", slug="shop", now=now)
    samples = payloads(envelopes, random.Random(seed))
    trained = zstandard.train_dictionary(DICTIONARY_BYTES, samples)
    dictionary = store.add_dictionary(trained.as_bytes(), now=now)
    compressor = zstandard.ZstdCompressor(level=3, dict_data=trained, write_dict_id=False)
    bodies = [compressor.compress(sample) for sample in samples]
    maker = Maker(bodies, dictionary.id, issue_count, event_count, seed)
    cpu_s = wall_s = 0.0
    for batch in maker.batches():
        cpu, wall = time.process_time(), time.perf_counter()
        store.record(batch, now=batch.events[-1].event.received_at)
        cpu_s += time.process_time() - cpu
        wall_s += time.perf_counter() - wall
    return {
        "events": event_count,
        "issues": issue_count,
        "body_bytes": round(sum(map(len, bodies)) / len(bodies)),
        "record_cpu_us_per_event": round(cpu_s / event_count * 1e6, 1),
        "record_wall_us_per_event": round(wall_s / event_count * 1e6, 1),
    }


def main() -> None:
    """Fill a database from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True, help="a file for SQLite, or a postgresql:// URL")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--envelopes", type=Path, help="directory of recorded envelopes")
    given = parser.parse_args()
    is_file = not given.database.startswith("postgres")
    store = _open(given.database)
    result = fill(store, event_count=given.events, issue_count=given.issues, envelopes=given.envelopes)
    store.compact(now=datetime.now(UTC))
    store.close()
    if is_file:
        size = sum(path.stat().st_size for path in Path(given.database).parent.glob(Path(given.database).name + "*"))
        result["disk_bytes_per_event"] = round(size / given.events)
    print(json.dumps(result))


def _open(database: str) -> Store:
    if database.startswith("postgres"):
        return open_postgres_store(database)
    return open_sqlite_store(database)


if __name__ == "__main__":
    main()
