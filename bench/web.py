"""Measures screens and REST at the server, on a store with a million events in ten thousand issues.

    python bench/web.py [--database FILE] [--events 1000000] [--issues 10000] [--requests 40] [--json]

Makes the store (see web_data.py) unless the file of `--database` is there already, starts a real `naosu serve` on it,
signs in as a person does, and asks for each page over loopback, one request after the other, after a warm-up.
A time is from the first byte sent to the last byte received. Aim: 50 ms at the most.
"""

import argparse
import json
import secrets
import shutil
import statistics
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from naosu.storage.sqlite import open_sqlite_store
from server import NAOSU, Server
from web_data import fill

AIM_MS = 50.0
WARM_UPS = 3
EMAIL = "bench@example.org"
SEARCHES = {
    "issues": "",
    "issues level": "level:warning",
    "issues category": "category:DATABASE",
    "issues environment": "environment:staging",
    "issues release": "release:1.12.0",
    "issues release pattern": "release:1.1*",
    "issues free text": "checkout failed",
    "issues rare text": "case 4321",
    "issues user.id": "user.id:777",
    "issues tag": "plan:team",
    "issues negated tag": "!plan:team",
    "issues several": "is:unresolved level:error category:DATABASE environment:production timeout",
}


def pages(client: httpx.Client, search: dict[str, str] = SEARCHES) -> dict[str, str]:
    """Return the path of each page to ask for."""
    issue = client.get("/api/v1/issues", params={"sort": "events", "limit": 1}).json()["items"][0]
    rare = client.get("/api/v1/issues", params={"query": "case 4321", "limit": 1}).json()["items"][0]
    event = client.get(f"/api/v1/issues/{issue['id']}/events", params={"limit": 1}).json()["items"][0]
    found = {"first screen": "/"}
    found |= {name: f"/issues?query={quote(line)}" for name, line in search.items()}
    found["issues by events"] = "/issues?query=is:unresolved&sort=events"
    found["issue, most frequent"] = f"/issues/{issue['short_id']}"
    found["issue, rare"] = f"/issues/{rare['short_id']}"
    found["event"] = f"/issues/{issue['short_id']}/events/{event['event_id']}"
    found["ingest health"] = "/ingest"
    found["releases"] = "/releases"
    found |= {f"api {name}": f"/api/v1/issues?query={quote(line)}" for name, line in search.items()}
    found["api stats"] = "/api/v1/stats"
    found["api summary"] = "/api/v1/summary"
    return found


def sign_in(server: Server) -> httpx.Client:
    """Return a client with a person's session, as the sign-in form makes it."""
    password = secrets.token_urlsafe(24)
    command = [*NAOSU, "account", "create", EMAIL, "--role", "admin", "--password-stdin", "--json"]
    made = subprocess.run(
        [*command, "--data", str(server.data)], input=password, text=True, stdout=subprocess.DEVNULL, check=False
    )
    if made.returncode:
        subprocess.run(
            [*NAOSU, "account", "passwd", EMAIL, "--password-stdin", "--data", str(server.data)],
            input=password, text=True, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
    client = httpx.Client(base_url=server.url, timeout=60, headers={"Origin": server.url, "Accept-Encoding": "gzip"})
    answer = client.post("/sign-in", data={"email": EMAIL, "password": password})
    if answer.status_code not in {302, 303}:
        raise SystemExit(f"signing in was answered {answer.status_code}")
    return client


def measure(client: httpx.Client, path: str, *, requests: int) -> dict[str, Any]:
    """Ask for one page again and again, and return the times in milliseconds."""
    times_ms = []
    body_bytes = 0
    for number in range(WARM_UPS + requests):
        started = time.perf_counter()
        answer = client.get(path)
        elapsed_ms = (time.perf_counter() - started) * 1e3
        if answer.status_code != httpx.codes.OK:
            raise SystemExit(f"{path} was answered {answer.status_code}")
        body_bytes = len(answer.content)
        if number >= WARM_UPS:
            times_ms.append(elapsed_ms)
    ranked = sorted(times_ms)
    return {
        "median_ms": round(statistics.median(ranked), 1),
        "p95_ms": round(ranked[min(int(len(ranked) * 0.95), len(ranked) - 1)], 1),
        "body_bytes": body_bytes,
    }


def prepare(given: argparse.Namespace, data: Path) -> None:
    """Put the database where the server looks for it: a copy, since a bench must not change what it measures."""
    target = data / "naosu.db"
    if given.database is not None and given.database.exists():
        shutil.copyfile(given.database, target)
        return
    store = open_sqlite_store(target)
    fill(store, event_count=given.events, issue_count=given.issues, envelopes=given.envelopes)
    store.close()
    if given.database is not None:
        shutil.copyfile(target, given.database)


def main() -> None:
    """Run the bench from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", type=Path, help="SQLite file; made when it is not there, and kept")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--envelopes", type=Path, help="directory of recorded envelopes, for real bodies")
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="naosu-bench-") as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        prepare(given, data)
        with Server(data=data) as server, closing(sign_in(server)) as client:
            totals = server.get("/api/v1/stats")
            found = {name: measure(client, path, requests=given.requests) for name, path in pages(client).items()}
    if given.json:
        print(json.dumps({"events": totals["digested"], "aim_ms": AIM_MS, "pages": found}))
        return
    print(f"{'page':<28} {'median':>9} {'p95':>9} {'bytes':>9}")
    for name, times in found.items():
        mark = "" if times["p95_ms"] <= AIM_MS else "  over the aim"
        print(f"{name:<28} {times['median_ms']:>6} ms {times['p95_ms']:>6} ms {times['body_bytes']:>9}{mark}")


if __name__ == "__main__":
    main()
