"""Storm signatures and the storm policy."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.ingest.storm import StormDecision, StormPolicy, StormSettings, signature

KEEP, COUNT, REFUSE = StormDecision.KEEP, StormDecision.COUNT, StormDecision.REFUSE


def an_event(value: str = "no stock left", *, kind: str = "StockError", function: str = "sell", **more: Any) -> bytes:
    frames = [
        {"module": "shop.web", "function": "view", "in_app": True, "lineno": 3},
        {"module": "shop.stock", "function": function, "in_app": True, "lineno": 7, "vars": {"a": "1"}},
        {"module": "sqlalchemy.orm", "function": "flush", "in_app": False},
    ]
    exception = {"values": [{"type": kind, "value": value, "stacktrace": {"frames": frames}}]}
    return json.dumps({"event_id": "a" * 32, "exception": exception, **more}).encode()


def test_equal_events_have_one_signature() -> None:
    assert signature(an_event()) == signature(an_event(event_id="b" * 32, timestamp=5))


@pytest.mark.parametrize(
    "other",
    [an_event(kind="OtherError"), an_event(function="buy"), an_event("nothing else matters")],
    ids=["type", "function", "message"],
)
def test_another_problem_has_another_signature(other: bytes) -> None:
    assert signature(an_event()) != signature(other)


@pytest.mark.parametrize(
    ("raw", "scrubbed"),
    [
        ("no user bob@example.com here", "no user [Filtered] here"),
        ("card 4111 1111 1111 1111 declined", "card [Filtered] declined"),
        ("login of 10.0.0.7 failed", "login of [Filtered] failed"),
        ("bad url https://x/?token=abc", "bad url https://x/?token=[Filtered]"),
        ("password=hunter2 refused", "password=[Filtered] refused"),
        ("duplicate key 'bob@example.com'", "duplicate key '[Filtered]'"),
    ],
)
def test_scrubbing_does_not_change_it(raw: str, scrubbed: str) -> None:
    assert signature(an_event(raw)) == signature(an_event(scrubbed))


def test_values_in_messages_do_not_change_it() -> None:
    assert signature(an_event("order 17 of 'x' took 3.5s")) == signature(an_event("order 4711 of 'y' took 10s"))


def test_messages_without_exceptions_are_told_apart_by_their_words() -> None:
    def of(text: str) -> str:
        return signature(json.dumps({"logentry": {"message": text}}).encode())

    assert of("cache is cold") != of("disk is full")
    assert of("order 1 lost") == of("order 2 lost")
    assert signature(b'{"message":"cache is cold"}') == of("cache is cold")


def test_both_shapes_of_an_exception_list_are_one() -> None:
    event = json.loads(an_event())
    as_list = json.dumps(event | {"exception": event["exception"]["values"]}).encode()
    assert signature(as_list) == signature(an_event())


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"{", b'{"exception":5}', b'{"exception":{"values":[null]}}', b'{"exception":{"values":null}}',
     b'{"exception":[{"type":5,"value":{"a":1},"stacktrace":{"frames":[null,{}]}}]}', b"[" * 100_000, b"\xff",
     b'{"exception":[{"stacktrace":{"frames":null}}],"fingerprint":[1,null]}', b'{"logentry":{"message":"\\ud800"}}'],
)  # fmt: skip
def test_odd_events_have_a_signature_too(payload: bytes) -> None:
    assert signature(payload)


@given(st.binary() | st.text().map(lambda text: json.dumps({"message": text}).encode()))
def test_nothing_makes_it_fail(payload: bytes) -> None:
    assert signature(payload)


def decisions(policy: StormPolicy, *signatures: str, now_s: float = 0, project_id: int = 1) -> list[StormDecision]:
    return [policy.decide(project_id, one, now_s=now_s).decision for one in signatures]


def test_a_few_of_each_signature_are_kept_and_the_others_counted() -> None:
    policy = StormPolicy(StormSettings(kept_per_window=2))
    assert decisions(policy, *"aaabbb") == [KEEP, KEEP, COUNT, KEEP, KEEP, COUNT]


def test_the_next_window_keeps_a_few_again_exactly_on_time() -> None:
    policy = StormPolicy(StormSettings(kept_per_window=1, window_s=60))
    assert decisions(policy, "a", "a", now_s=0) == [KEEP, COUNT]
    assert decisions(policy, "a", now_s=59.9) == [COUNT]
    assert decisions(policy, "a", "a", now_s=60) == [KEEP, COUNT]


def test_a_new_signature_is_kept_even_after_a_hundred_thousand_others() -> None:
    policy = StormPolicy()
    for _ in range(100_000):
        policy.decide(1, "flood.x", now_s=0)
    assert decisions(policy, "new.y") == [KEEP]


def test_incredibly_many_new_signatures_are_refused_until_the_next_minute() -> None:
    policy = StormPolicy(StormSettings(novel_per_minute=3))
    assert decisions(policy, *"abcd", now_s=0) == [KEEP, KEEP, KEEP, REFUSE]
    assert decisions(policy, *"abc", now_s=0) == [KEEP, KEEP, KEEP]
    assert decisions(policy, "d", now_s=0, project_id=2) == [KEEP]
    assert decisions(policy, "d", now_s=60) == [KEEP]


def test_too_many_messages_at_one_site_are_counted_with_its_first() -> None:
    policy = StormPolicy(StormSettings(variants_max=2, kept_per_window=1))
    verdicts = [policy.decide(1, f"site.{number}", now_s=0) for number in range(4)]
    assert [(verdict.decision, verdict.signature) for verdict in verdicts] == [
        (KEEP, "site.0"),
        (KEEP, "site.1"),
        (COUNT, "site.0"),
        (COUNT, "site.0"),
    ]


def test_memory_is_bounded_by_the_number_of_signatures() -> None:
    policy = StormPolicy(StormSettings(signatures_max=10, novel_per_minute=10**9, kept_per_window=1))
    assert decisions(policy, *(f"s{number}.x" for number in range(1000))) == [KEEP] * 1000
    assert decisions(policy, "s999.x", "s0.x") == [COUNT, KEEP]


def test_what_could_not_be_stored_counts_as_new_again() -> None:
    policy = StormPolicy(StormSettings(kept_per_window=1))
    assert decisions(policy, "a") == [KEEP]
    policy.forget(1, "a")
    assert decisions(policy, "a", "a") == [KEEP, COUNT]


def test_events_kept_before_the_storm_are_known_to_it() -> None:
    policy = StormPolicy(StormSettings(kept_per_window=2))
    policy.note(1, "a", now_s=0)
    assert decisions(policy, "a", "a") == [KEEP, COUNT]


def test_a_storm_ends_later_than_it_began() -> None:
    policy = StormPolicy(StormSettings(backlog_bytes_begin=100, backlog_bytes_end=50))
    assert [policy.is_storm(size) for size in (100, 101, 51, 50, 51, 101)] == [False, True, True, False, False, True]
