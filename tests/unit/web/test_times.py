from datetime import UTC, datetime, timedelta

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from naosu.web.times import Times, zone_named

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def times(language: str = "en_GB", zone: str = "UTC") -> Times:
    return Times(locale=Locale.parse(language), zone=zone_named(zone), now=NOW)


@pytest.mark.parametrize(
    ("language", "zone", "words"),
    [
        ("en_GB", "UTC", "22 Nov 2026, 09:30:00 UTC"),
        ("ja", "Asia/Tokyo", "2026/11/22 18:30:00 JST"),
        ("fr", "Europe/Paris", "22 nov. 2026, 10:30:00 CET"),
    ],
)
def test_a_full_date_is_in_the_readers_language_and_zone_and_says_which(language: str, zone: str, words: str):
    assert times(language, zone).full(NOW) == words


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(), "1 second ago"),
        (timedelta(milliseconds=-400), "1 second ago"),
        (timedelta(minutes=3), "3 minutes ago"),
        (timedelta(hours=-2), "in 2 hours"),
    ],
)
def test_how_long_ago_reads_as_people_say_it(age: timedelta, words: str):
    assert times().ago(NOW - age) == words


@pytest.mark.parametrize("name", ["", "Nowhere/City", "../../etc/passwd", "\0", "x" * 300, "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_utc(name: str):
    assert zone_named(name) is UTC


@given(st.text(max_size=60))
def test_no_zone_name_makes_an_error(name: str):
    assert zone_named(name) is not None


@pytest.mark.parametrize(("value", "words"), [(99_999, "99,999"), (100_000, "100K"), (1_234_567, "1.2M"), (0, "0")])
def test_numbers_are_exact_below_a_hundred_thousand_and_short_from_there_on(value: int, words: str):
    assert times().short(value) == words


def test_a_moment_that_is_not_known_is_a_dash():
    assert times().tag(None) == "–"
    assert times().tag_full(None) == "–"


def test_a_relative_time_tells_the_full_date_to_machines_and_on_hover():
    tag = times("fr", "Europe/Paris").tag(NOW - timedelta(minutes=3))
    assert 'datetime="2026-11-22T09:27:00+00:00"' in tag
    assert 'title="22 nov. 2026, 10:27:00 CET"' in tag
    assert "il y a 3 minutes" in tag
