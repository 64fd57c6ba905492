"""Attachments: what can be read as text is scrubbed as a text, what cannot stays the same bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.project import ScrubSettings
from naosu.normalize.scrub import Scrubber
from naosu.normalize.scrub.attachments import TEXT_BYTES_MAX

SCRUBBER = Scrubber(pseudonym_key=b"k")
LOG = b"""\
level=info user=kim@example.com from=203.0.113.9 password=hunter2 took=3ms
Authorization: Bearer hunter2abcdefgh123456
Cookie: sid=hunter2
GET https://shop:hunter2@api.example/v1?token=hunter2&page=2 HTTP/1.1
paid with 4111 1111 1111 1111
"""
KEY = b"a\n-----BEGIN RSA PRIVATE KEY-----\nMIIhunter2\nxyz\n-----END RSA PRIVATE KEY-----\nb"


@pytest.mark.parametrize(
    ("body", "content_type", "filename"),
    [
        (LOG, "text/plain", "app.log"),
        (LOG, "application/octet-stream", "unnamed"),
        (LOG, "image/png", "picture.png"),
        (LOG.replace(b"\n", b"\r\n"), "", ""),
        (b"\xef\xbb\xbfDB_PASSWORD=hunter2\n", "", ".env"),
        (b'{"db": {"password": "hunter2"}, "by": "kim@example.com"}', "application/json", "a.json"),
        (b'{"password": "hunter2"}\n{"token": "hunter2"}\n', "application/x-ndjson", "a.ndjson"),
        (b'<c><password>hunter2</password><u token="hunter2"/></c>', "application/xml", "c.xml"),
        (b'mail,Password,n\r\nkim@example.com,hunter2,"a,b"\r\n', "text/csv", "users"),
        (b"n\tPassword\n1\thunter2\n", "", "users.tsv"),
        (KEY, "", "id_rsa"),
    ],
)
def test_a_text_loses_its_secrets_whatever_it_is_called(body: bytes, content_type: str, filename: str) -> None:
    left, notes = SCRUBBER.scrub_attachment(body, content_type, filename)
    for secret in (b"hunter2", b"kim@example.com", b"203.0.113.9", b"4111 1111"):
        assert secret not in left
    assert notes
    assert {note.field for note in notes} == {f"attachments.{filename}"}
    assert SCRUBBER.scrub_attachment(left, content_type, filename).payload is left


def test_what_is_no_secret_stays_in_its_place() -> None:
    left = SCRUBBER.scrub_attachment(LOG, "text/plain", "app.log").payload
    assert left.startswith(b"level=info user=[email:")
    assert b"took=3ms\n" in left
    assert b"&page=2 HTTP/1.1\n" in left
    assert left.count(b"\n") == LOG.count(b"\n")
    assert SCRUBBER.scrub_attachment(KEY, "", "id_rsa").payload == b"a\n[Filtered]\nb"
    table = b'mail,Password,n\r\n,hunter2,"a,b"\r\nshort\r\n'
    assert SCRUBBER.scrub_attachment(table, "text/csv", "u").payload == table.replace(b"hunter2", b"[Filtered]")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello\nworld\n",
        b"password\nhunter2\n",
        b"\x89PNG\r\n\x1a\n\x00password=hunter2",
        b"\xff\xfepassword=hunter2",
        b"caf\xe9 password=hunter2",
        b'{"a": 1}',
        b"password=hunter2 ".ljust(TEXT_BYTES_MAX + 1, b"x"),
    ],
)
def test_what_has_no_secret_or_is_no_short_text_stays_the_same_bytes(body: bytes) -> None:
    left, notes = SCRUBBER.scrub_attachment(body, "text/plain", "a.txt")
    assert left is body
    assert notes == ()


def test_a_text_of_just_the_greatest_length_is_scrubbed() -> None:
    body = b"password=hunter2 ".ljust(TEXT_BYTES_MAX, b"x")
    assert b"hunter2" not in SCRUBBER.scrub_attachment(body, "text/plain", "a.txt").payload


def test_the_project_s_own_fields_and_patterns_count_in_attachments_too() -> None:
    scrubber = Scrubber(ScrubSettings(fields=("iban",), patterns=(("case", r"AB-\d{6}"),)), pseudonym_key=b"k")
    left = scrubber.scrub_attachment(b"iban=FR76\ncase AB-123456\n", "text/plain", "a.txt").payload
    assert left == b"iban=[Filtered]\ncase [Filtered]\n"


@given(st.text(max_size=200))
def test_lines_without_anything_secret_keep_every_character(text: str) -> None:
    body = text.encode()
    left, notes = SCRUBBER.scrub_attachment(body, "text/plain", "a.txt")
    assert left == body or notes


@given(st.binary(max_size=200))
def test_no_bytes_are_refused(body: bytes) -> None:
    SCRUBBER.scrub_attachment(body, "text/csv", "a.csv")


@given(st.recursive(st.none() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3), max_leaves=9))
def test_json_stays_json(value: object) -> None:
    body = json.dumps({"password": value}).encode()
    assert isinstance(json.loads(SCRUBBER.scrub_attachment(body, "", "a.json").payload), dict)
