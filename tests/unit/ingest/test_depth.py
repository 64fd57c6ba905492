"""Nesting depth."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from naosu.ingest.depth import check_nesting, depth_of, is_deeper_than
from naosu.ingest.errors import BodyTooLargeError, MalformedReportError
from naosu.ingest.event_head import read_event_head


@pytest.mark.parametrize("depth", [4, 62, 64, 66, 600])
def test_objects_in_arrays_in_objects_count_a_level_each(depth: int) -> None:
    alternating = b'{"a":[' * (depth // 2) + b"]}" * (depth // 2)
    assert depth_of(alternating) == depth
    assert is_deeper_than(alternating, depth - 1)
    assert not is_deeper_than(alternating, depth)


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def hidden(depth: int) -> bytes:
    """Lists within lists, each bracket beside a string that holds its counterpart."""
    return b'["]",' * depth + b"0" + b',"["]' * depth


@pytest.mark.parametrize("depth_max", [1, 5, 512])
def test_the_limit_is_met_exactly(depth_max: int) -> None:
    assert not is_deeper_than(nested(depth_max), depth_max)
    assert is_deeper_than(nested(depth_max + 1), depth_max)


def test_brackets_in_strings_do_not_count() -> None:
    tricky = json.dumps({"a": "[[[[", 'b"[': ["]]]]", '\\"{[', "\\", "[\\\\"], "c": {}}).encode()
    assert depth_of(tricky) == 2
    assert not is_deeper_than(json.dumps({"a": "[" * 10_000}).encode(), 5)


def test_brackets_arranged_inside_strings_hide_no_depth() -> None:
    json.loads(hidden(300))
    for depth in (30, 2000):
        assert depth_of(hidden(depth)) == depth
        assert is_deeper_than(hidden(depth), depth - 1)
        assert not is_deeper_than(hidden(depth), depth)


@pytest.mark.parametrize("depth", [512, 600, 100_000])
def test_an_event_is_too_deep_at_the_same_depth_whether_or_not_strings_hide_it(depth: int) -> None:
    for payload in (b'{"a":' + hidden(depth) + b"}", nested(depth + 1)):
        with pytest.raises(BodyTooLargeError) as caught:
            read_event_head(payload, depth_max=512)
        assert caught.value.reason == "json_too_deep"
    for payload in (b'{"a":' + hidden(511) + b"}", nested(512)):
        assert read_event_head(payload, depth_max=512).event_id is None


def test_what_is_refused_for_its_depth_is_refused_whatever_is_wrong_behind_it() -> None:
    for payload in (
        b"[" * 600,
        b"[" * 600 + b"}" * 600,
        b"[" * 600 + b"\\" + b"]" * 600,
        b"[" * 600 + b'"' + b"]" * 600,
    ):
        assert is_deeper_than(payload, 512)


def test_unpaired_brackets_in_strings_do_not_make_an_ordinary_event_too_deep() -> None:
    cut_reprs = json.dumps({"vars": [f"<Order items=[{number}, {{'sku'" for number in range(200)]}).encode()
    assert not is_deeper_than(cut_reprs, 2)


def depth_by_decoding(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_by_decoding, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_by_decoding, value), default=0)
    return 0


NASTY = st.text(alphabet='[]{}"\\,:\n a日')
VALUES = st.recursive(
    st.none() | st.integers() | NASTY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NASTY, inner, max_size=4),
    max_leaves=30,
)


@given(VALUES, st.booleans())
@example(["]", ["]", ["]", 0, "["], "["], "["], False)
@example([{"}": [{"]": [{}]}]}], True)
@example(json.loads('{"a":[' * 40 + "]}" * 40), True)
def test_depth_is_what_a_decoder_would_meet(value: Any, ascii_only: bool) -> None:
    payload = json.dumps(value, ensure_ascii=ascii_only).encode()
    depth = depth_by_decoding(value)
    assert depth_of(payload) == depth
    assert not is_deeper_than(payload, depth)
    assert depth == 0 or is_deeper_than(payload, depth - 1)


@given(st.binary())
def test_any_bytes_have_some_depth(payload: bytes) -> None:
    assert depth_of(payload) <= len(payload)


def test_a_deep_event_is_refused_by_name() -> None:
    with pytest.raises(BodyTooLargeError) as caught:
        read_event_head(nested(100_000), depth_max=512)
    assert (caught.value.reason, caught.value.status) == ("json_too_deep", 413)


@pytest.mark.parametrize("payload", [b"", b"[]", b'"a"', b"{", b"{}x", b'{"a":}', b'{"a":NaN}', b"\xff", b"null"])
def test_an_event_that_is_no_json_object_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedReportError) as caught:
        read_event_head(payload, depth_max=512)
    assert (caught.value.reason, caught.value.status) == ("event_json", 400)


def test_brackets_that_never_close_are_refused_even_far_over_every_recursion_limit() -> None:
    with pytest.raises((MalformedReportError, BodyTooLargeError)):
        read_event_head(b'{"a":' + b"[" * 1_000_000, depth_max=10**7)


def test_the_number_of_brackets_is_limited() -> None:
    check_nesting(b"[" + b"[]," * 299_998 + b"[]]", depth_max=512)
    for payload in (b"[" + b"[]," * 299_999 + b"[]]", b"[]" * 2_500_000, b'"[",' * 1_000_000, b"[" * 5_000_000):
        with pytest.raises(BodyTooLargeError) as caught:
            check_nesting(payload, depth_max=512)
        assert (caught.value.reason, caught.value.status) == ("json_too_deep", 413)


@pytest.mark.parametrize("before", [0, 40_000])
def test_depth_is_counted_over_the_edges_of_pieces(before: int) -> None:
    payload = b"[" + b"[]," * before + b"[" * 70_000 + b"]" * 70_000 + b"]"
    assert depth_of(payload) == 70_001
    assert is_deeper_than(payload, 70_000)
    assert not is_deeper_than(payload, 70_001)


@pytest.mark.parametrize("before", [0, 1, 2149, 2150, 2151, 4301, 50_000])
def test_an_integer_that_the_digester_cannot_read_is_refused_and_the_same_digits_in_a_string_are_not(
    before: int,
) -> None:
    for digits, quote in ((4300, ""), (100_000, '"')):
        payload = f'{{"b":"{"a" * before}","a":{quote}{"1" * digits}{quote}}}'.encode()
        assert read_event_head(payload, depth_max=5).event_id is None
    for sign in ("", "-"):
        payload = f'{{"b":"{"a" * before}","a":{sign}{"1" * 4301}}}'.encode()
        with pytest.raises(MalformedReportError) as caught:
            read_event_head(payload, depth_max=5)
        assert caught.value.reason == "event_json"
