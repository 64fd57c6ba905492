"""A hundred times over its limit: everything that was sent is stored or counted, and a new fault is always stored."""

import asyncio
import itertools
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
import sentry_sdk

from load import RECORDED, Connection, closed_loop, recorded_envelopes, requests
from server import Server

LIMIT = 20
SENT = 2_000
CAPTURED = 20

pytestmark = [
    pytest.mark.skipif(not RECORDED.exists(), reason="recorded envelopes (../shared/data) are absent"),
    pytest.mark.timeout(180),
]


def limit_project(server: Server) -> None:
    body = json.dumps({"settings": {"rate_limits": [{"quantity": LIMIT, "window_s": 3600}]}}).encode()
    request = urllib.request.Request(
        f"{server.url}/api/v1/projects/{server.project_id}",
        data=body,
        method="PATCH",
        headers={"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()


def status_of_one(server: Server) -> tuple[int, dict[str, str]]:
    """Send an empty-handed but valid event of one fixed fault, and return status and headers."""
    envelope = b"{}\n" + json.dumps({"type": "event"}).encode() + b"\n" + json.dumps({"message": "same"}).encode()
    request = urllib.request.Request(
        f"{server.url}/api/{server.project_id}/envelope/?sentry_key={server.dsn_key}", data=envelope, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers)


def send_until_limited(server: Server) -> tuple[int, dict[str, str]]:
    """The limit reaches the door within seconds; return how many were sent, and the headers of the first refusal."""
    for sent in range(1, 400):
        status, headers = status_of_one(server)
        if status == 429:
            return sent, {name.lower(): value for name, value in headers.items()}
    raise AssertionError("the limit never came into force")


async def send_new_fault(server: Server, envelope) -> tuple[str, int]:
    source = requests([envelope], dsn_key=server.dsn_key, project_id=server.project_id, host="127.0.0.1")
    event_id, request = next(source)
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", server.port)
    status = await connection.send(request)
    connection.transport.close()
    return event_id, status


def accounted_for(server: Server, sent: int) -> int:
    """Return how many events were stored or counted, once all is digested; counts come through the inbox too."""
    deadline = time.monotonic() + 30
    while True:
        stats = server.get("/api/v1/stats")
        found = stats["digested"] + sum(stats["dropped"].values()) + stats["dead"]
        if (found >= sent and stats["pending"] == 0) or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.2)


def test_at_a_hundred_times_the_limit_nothing_is_lost_uncounted_and_a_new_fault_is_stored():
    with Server() as server:
        limit_project(server)
        sent, headers = send_until_limited(server)
        assert int(headers["retry-after"]) >= 1
        assert headers["x-sentry-rate-limits"].split(":")[0] == headers["retry-after"]
        usual, *others = recorded_envelopes()
        source = requests([usual], dsn_key=server.dsn_key, project_id=server.project_id, host="127.0.0.1")
        flood = asyncio.run(closed_loop(server.port, source, connections=8, seconds=60, count_max=SENT))
        event_id, status = asyncio.run(send_new_fault(server, others[3]))
        assert status == 200, "a new fault was refused"
        sent += sum(flood.statuses.values()) + 1
        assert accounted_for(server, sent) == sent
        assert server.get(f"/api/v1/events/{event_id}")["event_id"] == event_id
    assert set(flood.statuses) <= {200, 429}
    assert flood.statuses[429] > SENT * 0.9, "the limit did not hold"


def test_a_real_sdk_stops_sending_once_it_is_limited_and_all_it_gave_up_is_counted():
    with Server() as server:
        limit_project(server)
        sent, _ = send_until_limited(server)
        client = sentry_sdk.Client(dsn=server.dsn, default_integrations=False)
        for _ in range(CAPTURED):
            client.capture_event({"message": "same"})
            client.flush(timeout=5)  # each is answered before the next is captured
        client.close(timeout=5)
        assert accounted_for(server, sent + 1) == sent + 1, "only the first one was sent"
        wait_until(lambda: server.get("/api/v1/stats")["lost_by_client"] == {"ratelimit_backoff": CAPTURED - 1})


def test_without_a_limit_nothing_is_refused_or_sampled():
    with Server() as server:
        source = requests(recorded_envelopes(), dsn_key=server.dsn_key, project_id=server.project_id, host="127.0.0.1")
        taken = asyncio.run(
            closed_loop(server.port, itertools.islice(source, 10_000), connections=8, seconds=60, count_max=500)
        )
        server.wait_digested(taken.statuses[200], timeout_s=60)
        stats = server.get("/api/v1/stats")
    assert taken.statuses == {200: len(taken.acknowledged)}
    assert (stats["sampled"], stats["dropped"], stats["dead"]) == (0, {}, 0)
