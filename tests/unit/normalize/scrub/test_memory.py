"""What is remembered between payloads changes nothing but the time that a scrub takes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naosu.domain.event import ScrubNote
from naosu.domain.project import ScrubSettings
from naosu.normalize.scrub import Scrubber
from naosu.normalize.scrub.memo import STAYS, Cleaned, Recent, StringMemo


def frame(**variables: Any) -> dict[str, Any]:
    lines = {"pre_context": ["a = 1"], "context_line": "f(a)", "post_context": []}
    return {"filename": "app.py", "function": "f", "lineno": 3, **lines, "vars": variables, "in_app": True}


def event(*frames: dict[str, Any], **more: Any) -> bytes:
    values = [{"type": "E", "stacktrace": {"frames": list(frames)}}]
    return json.dumps({"exception": {"values": values}, **more}, separators=(",", ":")).encode()


def thrice(payload: bytes, **more: Any) -> Iterator[tuple[bytes, set[ScrubNote]]]:
    """Scrub by one scrubber: frames are unknown, known by sight, and known."""
    scrubber = Scrubber(ScrubSettings(**more), pseudonym_key=b"k")
    for _ in range(3):
        scrubbed = scrubber.scrub(payload)
        yield scrubbed.payload, set(scrubbed.notes)


def test_a_frame_that_comes_again_is_scrubbed_and_noted_alike() -> None:
    payload = event(frame(password="'hunter2'", n="1"), frame(x="1"), frame(headers={"Cookie": "'sid=abc'"}), frame())
    first, second, third = thrice(payload)
    assert first == second == third
    assert b"hunter2" not in third[0]
    assert b"sid=abc" not in third[0]
    assert third[1] == {
        ScrubNote("exception.vars.password", "password"),
        ScrubNote("exception.headers.Cookie", "cookie"),
    }


def test_events_share_frames_but_not_their_findings() -> None:
    scrubber = Scrubber(pseudonym_key=b"k")
    common = frame(token="'abc123'")
    for i in range(4):
        own = f"'hunter{i}'"
        scrubbed = scrubber.scrub(event(common, frame(password=own), common, frame(n=str(i))))
        assert b"abc123" not in scrubbed.payload
        assert own.encode() not in scrubbed.payload
        assert len(scrubbed.notes) == 2
        assert len(json.loads(scrubbed.payload)["exception"]["values"][0]["stacktrace"]["frames"]) == 4


def test_a_clean_event_stays_the_same_object_however_often_it_comes() -> None:
    payload = event(frame(n="1"), frame(n="2"), frame(n="3"))
    assert all(left is payload and not notes for left, notes in thrice(payload))


def test_frames_within_a_removed_value_go_with_it() -> None:
    frames = [frame(a="'Zq9'"), frame(b="'Zq9'"), frame(c="'Zq9'")]
    for left, _ in thrice(event(extra={"password": {"frames": frames}, "kept": "yes"})):
        assert b"Zq9" not in left
        assert json.loads(left)["extra"] == {"password": "[Filtered]", "kept": "yes"}


def test_findings_before_between_and_behind_known_frames_are_kept_in_order() -> None:
    payload = event(frame(a="1"), frame(token="'t1'"), frame(b="1"), user={"email": "kim@example.com"}, release="1")
    wanted = Scrubber(pseudonym_key=b"k").scrub(payload)
    assert all(found == (wanted.payload, set(wanted.notes)) for found in thrice(payload))


def test_frames_of_threads_are_noted_as_such() -> None:
    threads = {"values": [{"stacktrace": {"frames": [frame(password="'x1'"), frame(), frame()]}}]}
    payload = json.dumps({"threads": threads}, separators=(",", ":")).encode()
    assert all(notes == {ScrubNote("threads.vars.password", "password")} for _, notes in thrice(payload))


def test_hidden_names_are_found_in_known_frames_and_beside_them() -> None:
    payload = event(frame(a="1"), frame(password="'hunter2'"), frame(a="1"), extra={"password": "hunter3"})
    hidden = payload.replace(b'"password"', b'"p\\u0061ssword"')
    for left, notes in thrice(hidden):
        assert b"hunter" not in left
        assert len(notes) == 2
        json.loads(left)


def test_own_fields_and_patterns_reach_into_known_frames() -> None:
    payload = event(frame(iban="'FR76'"), frame(n="AB-123456"), frame(), frame())
    for left, _ in thrice(payload, fields=("iban",), patterns=(("case", r"AB-\d{6}"),)):
        assert b"FR76" not in left
        assert b"AB-123456" not in left


@pytest.mark.parametrize("broken", [b'{"filename":"a', b'{"filename":"a"},{"filename":"b"},', b'{"filename":"a"}}},'])
def test_what_only_looks_like_frames_is_survived(broken: bytes) -> None:
    payload = broken * 3 + b'{"filename":"x","password":"hunter2"}'
    for left, _ in thrice(payload):
        assert b"hunter2" not in left


VALUES = st.sampled_from(
    ["'hunter2'", "kim@example.com", "10.4.0.12", "x", "4111111111111111", "{'token': 'abc'}", '"', "\\", "/", "é", "}"]
)
FRAMES = st.dictionaries(
    st.sampled_from(["a", "password", "headers", "token", "é/", "filename", "_meta"]), VALUES, max_size=3
).map(lambda variables: frame(**variables))


@settings(max_examples=100, deadline=None)
@given(st.lists(FRAMES, max_size=5), st.dictionaries(st.sampled_from(["token", "user", "n"]), VALUES, max_size=2))
def test_a_scrubber_with_a_memory_answers_as_a_new_one(frames: list[dict[str, Any]], extra: dict[str, Any]) -> None:
    payload = event(*frames, extra=extra)
    wanted = Scrubber(pseudonym_key=b"k").scrub(payload)
    for left, notes in thrice(payload):
        assert json.loads(left) == json.loads(wanted.payload)
        assert notes == set(wanted.notes)


def test_recent_answers_stay_and_old_ones_go() -> None:
    recent: Recent[int, str] = Recent(2)
    for key in (1, 2, 3, 4, 5):
        recent.put(key, str(key))
    assert recent.get(1) is None
    assert recent.get(2) is None
    assert recent.get(5) == "5"
    assert recent.get(3) == "3"  # asked for: now it is young again
    recent.put(6, "6")
    assert recent.get(3) == "3"


def test_long_strings_are_not_remembered() -> None:
    memo = StringMemo()
    for size, known in ((512, True), (513, False)):
        memo.put(b"x" * size, 1, STAYS)
        assert memo.is_unchanged(b"x" * size, 1) is known
    memo.put(b"a", 1, Cleaned(b"b", ("rule",)))
    assert memo.get(b"a", 1) == Cleaned(b"b", ("rule",))
    assert not memo.is_unchanged(b"a", 1)
    assert memo.get(b"a", 2) is None


def test_no_removed_value_stays_in_memory() -> None:
    scrubber = Scrubber(pseudonym_key=b"k")
    for _ in range(3):
        scrubber.scrub(event(frame(password="'hunter2'"), frame(note="password=hunter2"), frame(), m="token: hunter2"))
    remembered = repr([vars(part) for part in (scrubber._memo._known, scrubber._frames._known, scrubber._names)])
    assert "[Filtered]" in remembered
    assert "hunter2" not in remembered
