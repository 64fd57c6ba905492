import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.errors import InvalidInputError
from naosu.storage.cursors import decode_cursor, encode_cursor
from naosu.storage.facets import clean
from naosu.storage.matching import glob_to_regex, split_short_id
from naosu.storage.payload_facts import PayloadFacts, read_facts
from naosu.storage.receipts import Run, pack, split_id


def test_ids_in_a_row_are_one_run() -> None:
    assert pack(["a/3", "a/1", "a/2", "a/5", "b/6", "a/2"]) == [Run("a/", 1, 3), Run("a/", 5, 5), Run("b/", 6, 6)]


@given(st.sets(st.text(alphabet="a/019", max_size=6)))
def test_packing_neither_loses_nor_adds_an_id(ids: set[str]) -> None:
    packed = {(run.prefix, number) for run in pack(ids) for number in range(run.first, run.last + 1)}
    assert packed == {split_id(one) for one in ids}
    assert len(packed) == len(ids), "two ids are never the same place in a run"


def test_a_cursor_is_good_for_its_own_list_only() -> None:
    cursor = encode_cursor("events", 2**63 - 1)
    assert decode_cursor(cursor, "events", 1) == (2**63 - 1,)
    for name, count in (("users", 1), ("events", 2)):
        with pytest.raises(InvalidInputError):
            decode_cursor(cursor, name, count)
    with pytest.raises(InvalidInputError):
        decode_cursor(encode_cursor("events", 2**63), "events", 1)


@given(st.text())
def test_any_text_as_a_cursor_is_refused_and_nothing_else(text: str) -> None:
    with pytest.raises(InvalidInputError):
        decode_cursor(text, "events", 1)


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=20))
def test_cleaned_text_can_be_kept_and_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean(text, 10)
    cleaned.encode()
    assert "\0" not in cleaned
    assert len(cleaned) <= 10
    assert clean(cleaned, 10) == cleaned


def test_only_stars_are_special_in_a_pattern() -> None:
    assert glob_to_regex("a.c*[x]").fullmatch("a.cde[x]")
    assert not glob_to_regex("a.c").fullmatch("abc")


def test_a_short_id_may_have_dashes_in_its_slug() -> None:
    assert split_short_id("My-Shop-12") == ("my-shop", 12)
    for wrong in ("12", "-12", "shop-", "shop-x", "shop-１"):
        with pytest.raises(InvalidInputError):
            split_short_id(wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("logger", "logentry", "message", "request", "user", "tags", "contexts", "sdk", "fingerprint", "dist")


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6))
def test_facts_are_read_from_whatever_the_payload_holds(payload: dict) -> None:
    assert isinstance(read_facts(json.dumps(payload).encode()), PayloadFacts)


@pytest.mark.parametrize("payload", [b"", b"{", b"[1]", b"null", b"\xff"])
def test_a_payload_that_is_no_object_has_no_facts(payload: bytes) -> None:
    assert read_facts(payload) == PayloadFacts()


def test_tags_are_read_in_both_shapes_that_sdks_send() -> None:
    as_pairs = read_facts(b'{"tags":[["b","2"],["a",1],null,["x"]]}')
    as_object = read_facts(b'{"tags":{"b":"2","a":"1"}}')
    assert as_pairs.tags == as_object.tags == (("a", "1"), ("b", "2"))
