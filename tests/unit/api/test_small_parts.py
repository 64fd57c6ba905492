"""Slugs, DSNs, mutes, schemas, bodies, paths: the small pure parts."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from naosu.api.body import decode_body
from naosu.api.dsn import dsn_of, first_active_key
from naosu.api.issue_changes import IssueMute, mute_until
from naosu.api.lookups import event_id_of
from naosu.api.middleware import canonical_path
from naosu.api.problems import MalformedRequestError, error_headers
from naosu.api.schemas import documented_components, schema_of
from naosu.api.slugs import slug_for, slug_of
from naosu.domain.errors import ConflictError, InvalidInputError, NotFoundError, StoreUnavailableError
from naosu.domain.project import Key

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PUBLIC_KEY = "0123456789abcdef0123456789abcdef"


def a_key(number: int, *, active: bool = True) -> Key:
    return Key(id=number, project_id=7, public_key=PUBLIC_KEY, active=active, created_at=NOW)


@pytest.mark.parametrize(
    ("public_url", "dsn"),
    [
        ("http://127.0.0.1:8790", f"http://{PUBLIC_KEY}@127.0.0.1:8790/7"),
        ("https://naosu.test", f"https://{PUBLIC_KEY}@naosu.test/7"),
        ("https://our.test/naosu/", f"https://{PUBLIC_KEY}@our.test/naosu/7"),
        ("http://[::1]:8790", f"http://{PUBLIC_KEY}@[::1]:8790/7"),
    ],
)
def test_a_dsn_keeps_scheme_host_port_and_path(public_url, dsn):
    assert dsn_of(public_url, a_key(1)) == dsn


def test_the_oldest_active_key_makes_the_dsn():
    assert first_active_key([a_key(3), a_key(1, active=False), a_key(2)]) == a_key(2)
    assert first_active_key([a_key(1, active=False)]) is None


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Shop", "shop"), ("Café  Müller!", "cafe-muller"), ("店", ""), ("a" * 60, "a" * 50), ("-_-", "")],
)
def test_a_slug_is_made_of_a_name(name, slug):
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("name", "taken", "slug"),
    [("店", set(), "project"), ("店", {"project", "project-2"}, "project-3"), ("2026", set(), "project-2026")],
)
def test_a_name_that_makes_no_slug_is_numbered(name, taken, slug):
    assert slug_for(name, wanted=None, taken=taken) == slug


@pytest.mark.parametrize(
    ("wanted", "until"),
    [
        (IssueMute(), None),
        (IssueMute(events=3), None),
        (IssueMute(for_minutes=1), NOW + timedelta(minutes=1)),
        (IssueMute(until=NOW + timedelta(seconds=1)), NOW + timedelta(seconds=1)),
    ],
)
def test_when_a_mute_ends(wanted, until):
    assert mute_until(wanted, now=NOW) == until


@pytest.mark.parametrize("wanted", [IssueMute(until=NOW), IssueMute(until=NOW + timedelta(days=1), for_minutes=1)])
def test_a_mute_that_is_over_or_ends_twice_is_refused(wanted):
    with pytest.raises(InvalidInputError):
        mute_until(wanted, now=NOW)


@pytest.mark.parametrize("text", ["A" * 32, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"])
def test_an_event_id_is_read_with_hyphens_and_capitals(text):
    assert event_id_of(text) == "a" * 32


@pytest.mark.parametrize("text", ["", "a" * 31, "a" * 33])
def test_an_event_id_of_another_length_names_nothing(text):
    with pytest.raises(NotFoundError):
        event_id_of(text)


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/api/0/projects", "/api/0/projects/"),
        ("/api/0/projects/", "/api/0/projects/"),
        ("/api/0", "/api/0/"),
        ("/api/v1/issues/", "/api/v1/issues"),
        ("/api/v1/issues", "/api/v1/issues"),
        ("/issues/", "/issues/"),
        ("/", "/"),
    ],
)
def test_each_api_has_one_spelling_of_its_paths(path, canonical):
    assert canonical_path(path) == canonical


class Point(msgspec.Struct, forbid_unknown_fields=True):
    """Where."""

    x: int


def test_a_body_of_the_wrong_shape_differs_from_one_that_is_no_json():
    decoder = msgspec.json.Decoder(Point)
    assert decode_body(b'{"x": 1}', decoder) == Point(1)
    for wrong in (b"{}", b'{"x": "1"}', b'{"x": 1, "y": 2}', b'{"x": 1, "y": "\\u0000"}'):
        with pytest.raises(InvalidInputError):
            decode_body(wrong, decoder)
    for broken in (b"", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises((MalformedRequestError, InvalidInputError)):
            decode_body(broken, decoder)


def test_a_schema_is_referred_to_and_then_defined():
    assert schema_of(list[Point]) == {"type": "array", "items": {"$ref": "#/components/schemas/Point"}}
    assert documented_components()["Point"]["additionalProperties"] is False
    assert schema_of({"type": "object"}) == {"type": "object"}


def test_only_what_may_work_later_says_when_to_come_back():
    assert error_headers(StoreUnavailableError("x")) == {"Retry-After": "5"}
    assert error_headers(ConflictError("x")) == {}
