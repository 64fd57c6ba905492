"""Sent = stored + counted: whatever the door refuses stands in the ledger, under its category, project and reason."""

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_world import KEY, LIMITED_KEY, LIMITS, OFF_KEY, PICKY_KEY, World, envelope

from naosu.domain.report import Report
from naosu.ingest.encoding import decode_body
from naosu.ingest.sentry.envelope import parse_envelope
from naosu.ports.inbox import InboxFullError
from naosu.queue.memory import MemoryInbox

Counts = dict[tuple[int, str, str, str], int]
EVENT = b'{"event_id":"' + b"c" * 32 + b'","message":"boom"}'
DEEP = b'{"a":' + b"[" * 60 + b"]" * 60 + b"}"
PATH = f"/api/1/envelope/?sentry_key={KEY}"
LOGS = b'{"items":[' + b",".join([b"{}"] * 7) + b"]}"

# Route, what an ordinary body is there, and the category under which its one thing is counted.
ROUTES = {
    "envelope/": (envelope(("event", EVENT)), "default"),
    "store/": (EVENT, "error"),
    "security/": (b'{"csp-report":{}}', "security"),
    "csp-report/": (b'{"csp-report":{}}', "security"),
    "nel/": (b"[]", "security"),
    "cron/nightly/": (b"", "monitor"),
    "otlp/v1/traces/": (b"{}", "span"),
    "integration/otlp/v1/logs/": (b"{}", "log_item"),
    "minidump/": (b"MDMP", "error"),
    "events/" + "c" * 32 + "/attachments/": (b"x", "attachment"),
}
KEPT_ROUTES = [route for route in ROUTES if route != "minidump/" and not route.startswith("events/")]


class BrokenInbox(MemoryInbox):
    """An inbox on a full disk."""

    def append(self, contents: Any) -> None:
        raise InboxFullError("The disk of the inbox is full.")


def counted(world: World) -> Counts:
    reports, counts = world.reports_and_counts()
    assert reports == []
    return counts


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("project", "key", "expected"),
    [
        (1, "", (401, "key_missing")),
        (1, "nonsense", (400, "malformed_key")),
        (1, "d" * 32, (403, "unknown_key")),
        (1, OFF_KEY, (403, "disabled_key")),
        (2, KEY, (403, "wrong_project")),
        ("one", KEY, (400, "malformed_project")),
    ],
)
def test_who_may_not_send_is_counted_on_no_project_whatever_was_sent(
    world: World, route: str, project: object, key: str, expected: tuple[int, str]
) -> None:
    body, category = ROUTES[route]
    answer = world.post(f"/api/{project}/{route}" + (f"?sentry_key={key}" if key else ""), body)
    assert (answer.status_code, answer.json()["reason"]) == expected
    assert counted(world) == {(0, category, "invalid", expected[1]): 1}


@pytest.mark.parametrize("route", ROUTES)
def test_a_page_of_another_origin_is_refused_on_every_route(world: World, route: str) -> None:
    body, category = ROUTES[route]
    answer = world.post(f"/api/3/{route}?sentry_key={PICKY_KEY}", body, origin="https://evil.example")
    assert (answer.status_code, answer.json()["reason"]) == (403, "origin_not_allowed")
    assert counted(world) == {(0, category, "invalid", "origin_not_allowed"): 1}


@pytest.mark.parametrize("route", ROUTES)
def test_a_method_that_a_route_does_not_take_is_counted_before_any_key_is_looked_at(world: World, route: str) -> None:
    answer = world.post(f"/api/1/{route}?sentry_key={KEY}", method="PUT")
    assert (answer.status_code, answer.json()["reason"]) == (405, "method")
    assert ("GET" in answer.headers["allow"]) == route.startswith("cron/")
    assert counted(world) == {(0, ROUTES[route][1], "invalid", "method"): 1}
    assert world.store.asked_count == 0


@pytest.mark.parametrize("route", [route for route in KEPT_ROUTES if not route.startswith("cron/")])
@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        ("lzma", b"x", (415, "invalid", "encoding_unknown")),
        ("gzip, gzip, gzip", b"x", (415, "invalid", "encodings_stacked")),
        ("gzip", b"this is not gzip", (400, "invalid", "bad_encoding")),
        ("gzip", gzip.compress(EVENT)[:-9], (400, "invalid", "truncated_encoding")),
        ("gzip", gzip.compress(b" " * (LIMITS.decoded_bytes_max + 1)), (413, "limited", "decoded_too_large")),
        ("", b"x" * (LIMITS.body_bytes_max + 1), (413, "limited", "body_too_large")),
    ],
    ids=["unknown", "stacked", "damaged", "cut", "bomb", "large"],
)
def test_a_body_that_cannot_be_taken_is_counted_on_its_project(
    world: World, route: str, encoding: str, body: bytes, expected: tuple[int, str, str]
) -> None:
    answer = world.post(f"/api/1/{route}?sentry_key={KEY}", body, content_encoding=encoding)
    assert (answer.status_code, answer.json()["reason"]) == (expected[0], expected[2])
    assert counted(world) == {(1, ROUTES[route][1], expected[1], expected[2]): 1}


@pytest.mark.parametrize("route", KEPT_ROUTES)
def test_what_a_full_disk_refuses_is_counted_by_what_it_was_and_may_come_again(
    make_world: Callable[..., World], route: str
) -> None:
    world = make_world(inbox=BrokenInbox())
    body, category = ROUTES[route]
    answer = world.post(f"/api/1/{route}?sentry_key={KEY}", body)
    assert (answer.status_code, answer.json()["reason"]) in ((503, "full"), (503, "inbox_full"))
    assert int(answer.headers["retry-after"]) > 0
    ledger = {(key[:4], quantity) for key, quantity in _waiting(world).items()}
    assert ledger == {((1, "error" if category == "default" else category, "limited", "inbox_full"), 1)}


def _waiting(world: World) -> Counts:
    """Return what the committer could not write down yet: nothing can be read from an inbox that takes nothing."""
    world.committer.close()
    left: Counts = {}
    for entry in world.committer._tally.take().ledger:
        key = (entry.project_id, entry.category.value, entry.outcome.value, entry.reason)
        left[key] = left.get(key, 0) + entry.quantity
    return left


@pytest.mark.parametrize("route", KEPT_ROUTES)
def test_while_keys_cannot_be_looked_up_nothing_is_taken_and_all_is_counted(world: World, route: str) -> None:
    world.store.is_broken = True
    body, category = ROUTES[route]
    answer = world.post(f"/api/1/{route}?sentry_key={KEY}", body)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert counted(world) == {(0, category, "limited", "store_unavailable"): 1}


@pytest.mark.parametrize("route", ["security/", "cron/nightly/", "otlp/v1/traces/", "otlp/v1/logs/"])
def test_a_single_thing_over_the_rate_is_counted_and_the_answer_says_when_to_come_back(
    world: World, route: str
) -> None:
    body, category = ROUTES.get(route, (b"{}", "log_item"))
    answers = [world.post(f"/api/2/{route}?sentry_key={LIMITED_KEY}", body) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].headers["x-sentry-rate-limits"].endswith("key:rate_limit")
    reports, counts = world.reports_and_counts()
    assert len(reports) == 3
    assert counts == {(2, category, "limited", "rate_limit"): 2}


@pytest.mark.parametrize(
    ("bad", "outcome", "reason"),
    [
        (("event", b"no JSON"), "invalid", "event_json"),
        (("event", DEEP), "limited", "json_too_deep"),
        (("transaction", DEEP), "limited", "json_too_deep"),
        (("event", b"{" + b" " * 500_000 + b"}"), "limited", "item_too_large"),
    ],
    ids=["malformed", "deep event", "deep transaction", "large"],
)
def test_a_refused_envelope_takes_all_that_came_with_it_along_and_counts_it(
    world: World, bad: tuple[str, bytes], outcome: str, reason: str
) -> None:
    body = envelope(("attachment", b"a"), ("session", b"{}"), ("hologram", b"?"), bad)
    answer = world.post(PATH, gzip.compress(body), content_encoding="gzip")
    assert answer.json()["reason"] == reason
    counts = counted(world)
    assert {key[0] for key in counts} == {1}
    assert {key[2:] for key in counts} == {(outcome, reason)}
    assert {key[1] for key in counts} >= {"attachment", "session", "default"}
    assert sum(counts.values()) == 4


def test_containers_are_counted_by_what_they_hold(world: World) -> None:
    header = b'{"type":"log","item_count":7,"length":%d}' % len(LOGS)
    spans = b'{"type":"span","item_count":1000000,"length":2}\n{}'
    body = b"{}\n" + header + b"\n" + LOGS + b"\n" + spans + b'\n{"type":"event"}\nno JSON'
    assert world.post(PATH, body).status_code == 400
    assert counted(world) == {
        (1, "log_item", "invalid", "event_json"): 7,
        (1, "span", "invalid", "event_json"): 2,  # no more things than bytes, whatever the header claims
        (1, "error", "invalid", "event_json"): 1,
    }


def test_what_a_client_lost_is_not_counted_as_lost_again_when_its_report_is_refused(world: World) -> None:
    lost = b'{"discarded_events":[{"reason":"before_send","category":"error","quantity":5}]}'
    world.post(PATH, envelope(("client_report", lost), ("event", b"no JSON")))
    assert counted(world) == {(1, "error", "invalid", "event_json"): 1}


def test_what_is_kept_next_to_what_is_not_is_all_written_down_once(world: World) -> None:
    items = [("event", EVENT), ("attachment", b"x"), ("session", b"{}"), ("profile", b"{}")]
    assert world.post(PATH, envelope(*items)).status_code == 200
    reports, counts = world.reports_and_counts()
    assert counts == {}, "the digester counts what it finds in a kept envelope"
    assert [item.type for item in items_of(reports)] == [name for name, _ in items]


def items_of(reports: list[Report]) -> list[Any]:
    bodies = (decode_body(report.body, report.content_encoding, bytes_max=10**7) for report in reports)
    return [item for body in bodies for item in parse_envelope(body).items]


ITEMS = st.lists(
    st.tuples(
        st.sampled_from(["event", "transaction", "attachment", "session", "profile", "log", "check_in", "hologram"]),
        st.sampled_from([EVENT, b"{}", b"", b"no JSON", DEEP]),
    ),
    max_size=6,
)
SENDERS = st.sampled_from([(1, KEY), (1, OFF_KEY), (2, LIMITED_KEY), (2, KEY), (1, "d" * 32)])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SENDERS, ITEMS), max_size=8))
def test_every_thing_that_is_sent_is_stored_or_counted(
    sent: list[tuple[tuple[int, str], list[tuple[str, bytes]]]],
) -> None:
    world = World(MemoryInbox())

    async def send_all() -> list[int]:
        async with world.client() as client:
            paths = [(f"/api/{project}/envelope/?sentry_key={key}", items) for (project, key), items in sent]
            return [(await client.post(path, content=envelope(*items))).status_code for path, items in paths]

    statuses = asyncio.run(send_all())
    reports, counts = world.reports_and_counts()
    looked_at = [len(items) for status, (_, items) in zip(statuses, sent, strict=True) if status not in (401, 403)]
    turned_away = sum(status in (401, 403) for status in statuses)
    assert set(statuses) <= {200, 400, 403, 413, 429}
    assert len(items_of(reports)) + sum(counts.values()) == sum(looked_at) + turned_away


@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=3))
@settings(max_examples=20, deadline=None)
def test_a_client_report_that_is_none_costs_one_count_and_no_error(content: dict[str, int]) -> None:
    world = World(MemoryInbox())
    payload = msgspec.json.encode({"discarded_events": content})
    assert world.post(PATH, envelope(("client_report", payload))).status_code == 200
    assert world.reports_and_counts() == ([], {(1, "internal", "invalid", "client_report_json"): 1})
