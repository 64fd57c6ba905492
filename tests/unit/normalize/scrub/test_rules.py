"""Settings of a project, pseudonyms, patterns, and what a scrub says of itself."""

import json
from typing import Any

import pytest

from naosu.domain.errors import InvalidInputError
from naosu.domain.event import ScrubNote
from naosu.domain.project import ScrubSettings
from naosu.normalize.scrub import Scrubber, check_pattern


def scrub(payload: Any, key: bytes = b"k", **settings: Any) -> str:
    scrubber = Scrubber(ScrubSettings(**settings), pseudonym_key=key)
    return scrubber.scrub(json.dumps(payload).encode()).payload.decode()


def test_own_fields_go_by_any_part_of_the_name() -> None:
    assert "FR76" not in scrub({"extra": {"customerIBAN2": "FR76"}}, fields=("iban2",))
    assert "FR76" not in scrub({"extra": {"t": "x iban2=FR76 y"}}, fields=("IBAN2",))
    assert "FR76" in scrub({"extra": {"customerIBAN": "FR76"}})


def test_kept_names_are_not_scrubbed_by_name() -> None:
    payload = {"extra": {"page_token": "abc", "token": "xyz"}}
    left = scrub(payload, keep=("pageToken",))
    assert "abc" in left
    assert "xyz" not in left


def test_own_patterns_see_strings_and_numbers() -> None:
    left = scrub(
        {"a": "case AB-123456 x", "b": 77712345, "é": "\u00e9 AB-654321"},
        patterns=(("case", r"AB-\d{6}"), ("n", r"777\d{5}")),
    )
    assert "AB-" not in left
    assert "77712345" not in left
    assert "case [Filtered] x" in left


def test_addresses_stay_when_the_settings_say_so() -> None:
    payload = {"user": {"email": "kim@example.com", "ip_address": "203.0.113.9"}}
    assert "kim@example.com" in scrub(payload, emails=False)
    assert "203.0.113.9" in scrub(payload, ip_addresses=False)


def test_pseudonyms_are_stable_distinct_and_keyed() -> None:
    def of(address: str, key: bytes = b"k") -> str:
        return str(json.loads(scrub({"user": {"email": address}}, key))["user"]["email"])

    assert of("kim@example.com") == of("Kim@Example.com")
    assert of("kim@example.com") != of("lee@example.com")
    assert of("kim@example.com") != of("kim@example.com", b"other")


def test_a_sender_s_address_gets_the_same_pseudonym_as_in_events() -> None:
    scrubber = Scrubber(pseudonym_key=b"k")
    in_event = json.loads(scrubber.scrub(b'{"user":{"ip_address":"203.0.113.9"}}').payload)["user"]["ip_address"]
    assert scrubber.scrub_ip("203.0.113.9") == in_event


def test_plain_texts_can_be_scrubbed() -> None:
    scrubber = Scrubber(pseudonym_key=b"k")
    assert scrubber.scrub_text('say "password=hunter2"') == 'say "password=[Filtered]"'
    assert scrubber.scrub_text("hello") == "hello"


def test_notes_name_the_place_and_the_rule() -> None:
    payload = {
        "request": {"headers": {"Authorization": "x1"}},
        "user": {"email": "a@b.example"},
        "extra": {"note": "password=x1"},
    }
    notes = Scrubber(pseudonym_key=b"k").scrub(json.dumps(payload).encode()).notes
    assert set(notes) == {
        ScrubNote("request.headers.Authorization", "authorization"),
        ScrubNote("user.email", "email"),
        ScrubNote("extra.note", "password"),
    }


@pytest.mark.parametrize(
    "pattern",
    [r"AB-\d{6}", r"[A-Z]{2}\d+", r"(?:foo|bar)-\w+", r"(?i)iban\s?:\s?\w{10,34}", r"a{50}b{0,3}\s+", r"(ab)?c"],
)
def test_patterns_of_bounded_cost_are_let_in(pattern: str) -> None:
    assert check_pattern(pattern).pattern == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(a|a)*b",
        r"(a*)*",
        r"(\w+)\1",
        r"(?P<x>a)(?P=x)",
        r"(?=a)b",
        r"(?<!a)b",
        r"a*",
        r"(",
        r"((a+)b)+",
        r"x(a{1,5})*y",
        r".*.*.*.*x",
        "a" * 501,
        r"a{1,5000}",
        r"a+a+b",
        r"a+a{1,51}b",
        r"a+a+a+b",
        r"a{1,1000}a{1,1000}a{1,1000}a{1,1000}b",
        r"(a+)+$",
        r"(a|a)*$",
        r"(a|aa)+$",
        r"([a-z]+)*\d",
        r"(.*a){20}",
        r"(?:a?){30}a{30}",
        "a?" * 30 + "a{30}",
        "(?:a|a)" * 30 + "b",
        "a{1,40}" * 4 + "b",
        r"(x+x+)+y",
        r"(\w|\s)*z",
        r"a*a*a*a*a*a*b",
        r".*.*.*.*=.*Q",
    ],
)
def test_patterns_that_could_run_away_are_refused(pattern: str) -> None:
    with pytest.raises(InvalidInputError):
        check_pattern(pattern)


def test_own_patterns_reach_the_end_of_a_long_text_whatever_was_replaced_before() -> None:
    left = scrub({"a": "A1 " * 3000 + "x" * 5000 + " A1"}, patterns=(("n", r"A\d"),))
    assert "A1" not in left
    assert "x" * 5000 in left


def test_a_bad_pattern_is_refused_when_the_scrubber_is_made() -> None:
    with pytest.raises(InvalidInputError):
        Scrubber(ScrubSettings(patterns=(("x", "(a+)+"),)), pseudonym_key=b"k")
