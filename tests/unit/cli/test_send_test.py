import json
from datetime import UTC, datetime

import click
import pytest

from naosu.cli.send_test import envelope, parse_dsn


@pytest.mark.parametrize(
    ("dsn", "endpoint"),
    [
        ("http://k@127.0.0.1:8790/1", "http://127.0.0.1:8790/api/1/envelope/"),
        ("https://k@errors.example.org/7", "https://errors.example.org/api/7/envelope/"),
        ("https://k:secret@h/prefix/7", "https://h/prefix/api/7/envelope/"),
        ("http://k@[::1]:8790/1", "http://[::1]:8790/api/1/envelope/"),
    ],
)
def test_the_endpoint_follows_from_the_dsn(dsn, endpoint):
    assert parse_dsn(dsn) == (endpoint, "k")


@pytest.mark.parametrize("dsn", ["", "x", "http://h/1", "http://k@h", "http://k@h/", "ftp://k@h/1", "http://k@h:x/1"])
def test_what_is_no_dsn_is_wrong_use(dsn):
    with pytest.raises(click.UsageError, match="not a DSN"):
        parse_dsn(dsn)


def test_the_envelope_says_its_lengths_truly():
    body = envelope("a" * 32, dsn="http://k@h/1", message="日本", now=datetime(2026, 1, 1, tzinfo=UTC))
    header, item, payload, rest = body.split(b"\n")
    assert json.loads(header)["event_id"] == "a" * 32
    assert json.loads(item)["length"] == len(payload)
    assert json.loads(payload)["exception"]["values"][0]["value"] == "日本"
    assert rest == b""
