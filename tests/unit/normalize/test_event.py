"""Reading payloads, straight and odd."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naosu.domain.event import Event, Level
from naosu.normalize.detail import to_detail
from naosu.normalize.event import UnreadableReportError, to_event

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = "b85f087162234713bf28cf03a424cf81"


def read(payload: Any, **more: Any) -> Event:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return to_event(body, project_id=1, received_at=NOW, **more)


def test_the_header_s_id_wins_over_the_payload_s() -> None:
    assert read({"event_id": "f" * 32}, event_id=ID).event_id == ID
    assert read({"event_id": ID}).event_id == ID
    assert read({"event_id": "B85F0871-6223-4713-BF28-CF03A424CF81"}).event_id == ID


def test_an_event_without_an_id_always_gets_the_same_one() -> None:
    first, second, other = read({"message": "a"}), read({"message": "a"}), read({"message": "b"})
    assert first.event_id == second.event_id != other.event_id
    assert len(first.event_id) == 32


@pytest.mark.parametrize(
    ("sent", "offset"),
    [
        ((NOW + timedelta(seconds=60)).isoformat(), 60),
        ((NOW + timedelta(seconds=61)).isoformat(), 0),
        ((NOW - timedelta(days=30)).isoformat(), -30 * 86400),
        ((NOW - timedelta(days=30, seconds=1)).isoformat(), 0),
        (NOW.timestamp() - 5, -5),
        ((NOW.timestamp() - 5) * 1000, -5),
        (str(NOW.timestamp() - 5), -5),
        ("2026-11-22T11:59:55", -5),
        ("2026-11-22T20:59:55+09:00", -5),
        ("2026-11-22T11:59:55.123456789Z", -4.876544),
        ("yesterday", 0),
        (None, 0),
        (1e300, 0),
        ([], 0),
    ],
)
def test_times_are_read_in_every_form_and_absurd_ones_are_replaced(sent: Any, offset: float) -> None:
    assert (read({"timestamp": sent}).occurred_at - NOW).total_seconds() == pytest.approx(offset)


@pytest.mark.parametrize(
    ("sent", "level"),
    [("CRITICAL", Level.FATAL), ("Warn", Level.WARNING), ("info", Level.INFO), ("x", Level.ERROR), (None, Level.ERROR)],
)
def test_level_names_in_any_case(sent: str | None, level: Level) -> None:
    assert read({"level": sent}).level is level


@pytest.mark.parametrize(
    "tags",
    [
        {"b": 1, "a": True, "n": None},
        [["b", 1], ["a", True], None],
        [{"key": "b", "value": 1}, {"key": "a", "value": "true"}],
    ],
)
def test_tags_in_every_form_are_sorted_text(tags: Any) -> None:
    assert read({"tags": tags}).tags == (("a", "true"), ("b", "1"))


def test_tags_are_bounded_and_fields_are_not_tags() -> None:
    event = read({"tags": {f"k{i}": "v" * 500 for i in range(80)} | {"environment": "prod", "release": "r1"}})
    assert len(event.tags) == 50
    assert len(event.tags[0][1]) == 200
    assert (event.environment, event.release) == ("prod", "r1")


@pytest.mark.parametrize(
    "exception",
    [
        {"values": [{"type": "A", "value": "x"}]},
        [{"type": "A", "value": "x"}],
        {"type": "A", "value": "x"},
        {"values": [None, {"type": "A", "value": "x"}]},
    ],
)
def test_exceptions_in_every_form(exception: Any) -> None:
    assert [(value.type, value.value) for value in read({"exception": exception}).exceptions] == [("A", "x")]


def test_odd_types_are_coerced_and_not_fatal() -> None:
    event = read(
        {
            "release": 12,
            "logger": ["x"],
            "message": {"formatted": None, "message": "n is %d of %s", "params": [3, "x"]},
            "user": {"id": 7.0, "email": None},
            "exception": {"values": [{"type": None, "value": {"a": 1}, "stacktrace": {"frames": [{"lineno": "12"}]}}]},
            "fingerprint": ["a", 1, None, True],
            "contexts": {"response": {"status_code": "503"}, "trace": 3},
            "request": "GET /",
            "sdk": [],
        }
    )
    assert event.release == "12"
    assert (event.message, event.message_template) == ("n is 3 of x", "n is %d of %s")
    assert event.user.key == "id:7.0"
    assert event.exceptions[0].frames[0].lineno == 12
    assert event.fingerprint == ("a", "1", "true")
    assert event.status_code == 503


def test_groups_errno_and_handling_are_read() -> None:
    mechanism = {
        "type": "chained",
        "handled": False,
        "exception_id": 1,
        "parent_id": 0,
        "meta": {"errno": {"number": 111}},
    }
    event = read({"exception": {"values": [{"type": "E", "mechanism": mechanism}]}})
    value = event.exceptions[0]
    assert (value.errno, value.handled, value.exception_id, value.parent_id) == (111, False, 1, 0)


def test_the_crashed_thread_s_stack_counts_when_no_exception_has_one() -> None:
    stack = {"frames": [{"function": "f"}]}
    threads = [
        {"id": 1, "current": True, "stacktrace": {"frames": [{"function": "g"}]}},
        {"id": 2, "crashed": True, "stacktrace": stack},
    ]
    assert [frame.function for frame in read({"threads": {"values": threads}}).stack] == ["f"]
    assert [frame.function for frame in read({"stacktrace": stack}).stack] == ["f"]


def test_the_sender_s_address_is_taken_only_when_asked_for() -> None:
    assert read({"user": {"ip_address": "{{auto}}"}}, sender_ip="[ip:1]").user.ip_address == "[ip:1]"
    assert read({"sdk": {"settings": {"infer_ip": "auto"}}}, sender_ip="[ip:1]").user.ip_address == "[ip:1]"
    assert read({"sdk": {"settings": {"infer_ip": "never"}}}, sender_ip="[ip:1]").user.ip_address == ""
    assert read({"user": {"id": "7"}}, sender_ip="[ip:1]").user.ip_address == ""


def test_nul_and_lone_surrogates_never_reach_a_column() -> None:
    event = read(b'{"message":"a\\u0000b","release":"x\\ud800y","transaction":"t\\u0000"}')
    assert (event.message, event.transaction) == ("ab", "t")
    event.release.encode()


def test_an_endless_recursion_keeps_both_ends() -> None:
    frames = [{"function": f"f{i}"} for i in range(2000)]
    kept = read({"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}}).exceptions[0].frames
    assert (len(kept), kept[0].function, kept[-1].function) == (500, "f0", "f1999")


@pytest.mark.parametrize("payload", [b"", b"[]", b"nope", b"{", b"12", b"[" * 100_000])
def test_only_the_hopeless_is_refused(payload: bytes) -> None:
    with pytest.raises(UnreadableReportError):
        read(payload)


NAMES = st.sampled_from(
    [*Event.__struct_fields__, "exception", "threads", "logentry", "contexts", "request", "values", "frames"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, ANYTHING, max_size=8))
def test_any_object_is_an_event_and_can_be_shown(payload: Any) -> None:
    body = json.dumps(payload).replace("Infinity", "0").encode()
    assert read(body).payload == body
    to_detail(body)
