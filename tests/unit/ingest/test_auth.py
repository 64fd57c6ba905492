"""Where a DSN key may stand."""

import base64

import pytest

from naosu.ingest.errors import CredentialsMalformedError, CredentialsMissingError
from naosu.ingest.sentry.auth import choose_key, key_of_dsn, query_fields, to_key

KEY = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
HEADER = f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0"


@pytest.mark.parametrize(
    "place",
    [
        {"sentry_auth": HEADER},
        {"sentry_auth": f"sentry sentry_version=7,sentry_key={KEY}"},
        {"sentry_auth": f"Sentry sentry_key={KEY}, sentry_version=2.0, sentry_secret=x, sentry_timestamp=1.5"},
        {"sentry_auth": f"sentry_key={KEY}"},
        {"authorization": HEADER},
        {"authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()},
        {"authorization": "basic " + base64.b64encode(KEY.encode()).decode()},
        {"query_key": KEY},
        {"query_key": KEY.upper()},
        {"path_key": KEY},
        {"dsn": f"https://{KEY}@sentry.example:8443/some/prefix/7"},
        {"dsn": f"http://{KEY}:secret@[::1]/7"},
    ],
    ids=str,
)
def test_any_one_place_is_enough(place: dict[str, str]) -> None:
    credentials = choose_key(**place)
    assert credentials
    assert credentials.public_key == KEY


def test_the_same_key_in_several_places_is_no_contradiction() -> None:
    credentials = choose_key(sentry_auth=HEADER, query_key=KEY, dsn=f"https://{KEY}@x/1")
    assert credentials
    assert credentials.public_key == KEY
    assert credentials.client == "sentry.python/2.75.0"


def test_different_keys_are_refused() -> None:
    with pytest.raises(CredentialsMissingError) as caught:
        choose_key(sentry_auth=HEADER, query_key=OTHER)
    assert (caught.value.reason, caught.value.status) == ("several_keys", 401)


def test_no_key_anywhere_is_none() -> None:
    assert choose_key() is None


def test_a_token_of_a_proxy_is_not_taken_for_a_key() -> None:
    assert choose_key(authorization="Bearer abc") is None
    found = choose_key(authorization="Bearer abc", query_key=KEY)
    assert found
    assert found.public_key == KEY


def test_sentry_credentials_without_a_key_are_missing() -> None:
    with pytest.raises(CredentialsMissingError) as caught:
        choose_key(sentry_auth="Sentry sentry_version=7")
    assert caught.value.status == 401


@pytest.mark.parametrize(
    "place",
    [
        {"query_key": "short"},
        {"query_key": "g" * 32},
        {"query_key": KEY + "\n"},
        {"query_key": "０" * 32},
        {"path_key": KEY + "0"},
        {"sentry_auth": "Sentry sentry_key=, sentry_version=7"},
        {"sentry_auth": f"Sentry sentry_key={KEY}, sentry_version=9"},
        {"sentry_auth": f"Sentry sentry_key={KEY}, sentry_version=seven"},
        {"sentry_auth": f"Sentry sentry_key={KEY}, sentry_version=" + "9" * 5000},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic " + base64.b64encode(b"\xff\xfe:").decode()},
        {"dsn": "https://sentry.example/1"},
        {"dsn": "https://[broken/1"},
        {"dsn": "\x00"},
    ],
    ids=str,
)
def test_what_cannot_be_a_key_is_malformed(place: dict[str, str]) -> None:
    with pytest.raises(CredentialsMalformedError) as caught:
        choose_key(**place)
    assert caught.value.status == 400


def test_the_highest_protocol_version_is_eight() -> None:
    assert choose_key(sentry_auth=f"Sentry sentry_key={KEY}, sentry_version=8")


def test_keys_are_compared_in_lower_case() -> None:
    assert to_key(KEY.upper()) == KEY
    assert key_of_dsn(f"https://{KEY.upper()}@x/1") == KEY


def test_queries_are_decoded_leniently() -> None:
    assert query_fields(b"a=1&a=2&b=%zz&c=%ff&d&%00=%00") == {"a": "2", "b": "%zz", "c": "\ufffd", "d": "", "\0": "\0"}
    assert query_fields(b"") == {}
    assert query_fields(b"\xff=\xfe")


def test_a_query_with_thousands_of_fields_is_malformed() -> None:
    with pytest.raises(CredentialsMalformedError):
        query_fields(b"&".join(b"a%d=1" % number for number in range(5000)))
