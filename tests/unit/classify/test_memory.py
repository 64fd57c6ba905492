"""Remembering classifications never shows in them, and is bounded."""

import pytest

from naosu.classify import classify
from naosu.classify.classifier import _classify
from naosu.classify.memory import CHAIN_MAX, REMEMBERED_MAX, TEXT_CHARS_MAX, Memory
from naosu_sdk.classify import Matcher

KEY = ("", "KeyError", "'a'")
JWT = ("", "AttributeError", "'str' object has no attribute 'decode'")


def test_the_same_error_again_gives_the_same_object(matcher, make_event) -> None:
    assert classify(make_event(KEY), matcher) is classify(make_event(KEY), matcher)


@pytest.mark.parametrize(
    "other",
    [
        {"chain": [("", "KeyError", "'b'")]},
        {"chain": [("x", "KeyError", "'a'")]},
        {"chain": [("", "IndexError", "'a'")]},
        {"chain": [KEY, KEY]},
        {"level": "warning"},
        {"handled": False},
        {"errno": 28},
        {"status_code": 404},
        {"platform": "node"},
        {"logger": "csp"},
        {"message": "slow query"},
        {"line": "os.environ['a']"},
        {"tags": (("naosu.report", "csp"),)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_whatever_a_rule_may_read_is_part_of_the_key(matcher, make_event, other: dict) -> None:
    memory = Memory(matcher)
    other = dict(other)
    event = make_event(*other.pop("chain", [KEY]), **other)
    assert memory.key_of(event) != memory.key_of(make_event(KEY))


def test_what_no_rule_reads_is_not_part_of_the_key(matcher, make_event) -> None:
    memory = Memory(matcher)
    event = make_event(KEY, request_url="http://shop/1", release="2.0", tags=(("shard", "7"),))
    assert memory.key_of(event) == memory.key_of(make_event(KEY))


def test_the_address_is_part_of_the_key_when_a_rule_reads_it(make_event, tmp_path) -> None:
    (tmp_path / "pack.toml").write_text('id = "own"\nversion = "1.0.0"\nsource = "test"\nlicence = "MIT"\n')
    (tmp_path / "rules.toml").write_text(
        '[[rule]]\nid = "pay"\nwhen = { url = "/pay" }\ncategory = "AUTH"\nseverity = "HIGH"\ntext = "t"\n'
    )
    (tmp_path / "en.toml").write_text('[t]\ntitle = "T"\n')
    own = Matcher.load([tmp_path])
    assert classify(make_event(KEY, request_url="http://h/pay"), own).rule_id == "own/pay"
    assert classify(make_event(KEY, request_url="http://h/cart"), own).rule_id == ""


def test_another_matcher_has_another_memory(matcher, make_event) -> None:
    event = make_event(KEY)
    assert classify(event, matcher).rule_id == "python/key"
    assert classify(event, Matcher([])).rule_id == ""
    assert classify(event, matcher).rule_id == "python/key"


def test_a_message_of_the_most_characters_is_remembered_and_a_longer_one_is_not(matcher, make_event) -> None:
    memory = Memory(matcher)
    assert memory.key_of(make_event(("", "E", "x" * TEXT_CHARS_MAX))) is not None
    assert memory.key_of(make_event(("", "E", "x" * (TEXT_CHARS_MAX + 1)))) is None
    assert memory.key_of(make_event(message="x" * (TEXT_CHARS_MAX + 1))) is None
    assert memory.key_of(make_event(*[KEY] * CHAIN_MAX)) is not None
    assert memory.key_of(make_event(*[KEY] * (CHAIN_MAX + 1))) is None


def test_an_event_too_large_to_remember_is_classified_all_the_same(matcher, make_event) -> None:
    event = make_event(("", "KeyError", "x" * (TEXT_CHARS_MAX + 1)))
    assert classify(event, matcher) == _classify(event, matcher)
    assert classify(event, matcher).rule_id == "python/key"


def test_the_memory_is_bounded_and_keeps_what_is_used(matcher, make_event) -> None:
    memory = Memory(matcher)
    often = memory.key_of(make_event(KEY))
    memory.put(often, classify(make_event(KEY), matcher))
    for number in range(5 * REMEMBERED_MAX):
        memory.put(("once", number), memory.get(often))
        assert len(memory) <= REMEMBERED_MAX
    assert memory.get(often) is not None
    assert memory.get(("once", 0)) is None


def test_the_retry_class_says_more_than_retryable(matcher, make_event) -> None:
    refused = classify(make_event(("httpx", "ConnectError", "[Errno 111] Connection refused")), matcher)
    timed_out = classify(make_event(("httpx", "ReadTimeout", "The read operation timed out")), matcher)
    assert (refused.retryable, refused.retry) == (True, "safe")
    assert (timed_out.retryable, timed_out.retry) == (True, "if_idempotent")
    assert classify(make_event(("app", "Odd", "x")), matcher).retry == ""
