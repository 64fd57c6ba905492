"""Envelope framing."""

import json

import pytest

from naosu.ingest.errors import BodyTooLargeError, MalformedReportError
from naosu.ingest.limits import IngestLimits
from naosu.ingest.sentry.envelope import Envelope, build_envelope, parse_envelope, to_event_id

ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def payloads(envelope: Envelope) -> list[tuple[str, bytes]]:
    return [(item.type, item.payload) for item in envelope.items]


def test_items_with_and_without_length_are_read() -> None:
    body = b'{"event_id":"%s"}\n{"type":"event","length":2}\n{}\n{"type":"session"}\n{"a":1}\n' % ID.encode()
    envelope = parse_envelope(body)
    assert envelope.header.event_id == ID
    assert payloads(envelope) == [("event", b"{}"), ("session", b'{"a":1}')]


def test_a_payload_with_length_may_hold_newlines() -> None:
    body = b'{}\n{"type":"attachment","length":5,"filename":"a.txt"}\na\nb\r\n\n{"type":"event"}\n{}'
    envelope = parse_envelope(body)
    assert payloads(envelope) == [("attachment", b"a\nb\r\n"), ("event", b"{}")]
    assert envelope.items[0].header.filename == "a.txt"


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b"\r\n"])
def test_the_end_may_be_with_or_without_newlines(end: bytes) -> None:
    assert payloads(parse_envelope(b'{}\n{"type":"event","length":2}\n{}' + end)) == [("event", b"{}")]
    assert payloads(parse_envelope(b'{}\n{"type":"event"}\n{}' + end)) == [("event", b"{}")]


def test_carriage_returns_before_newlines_are_tolerated() -> None:
    body = b'{}\r\n{"type":"event","length":2}\r\n{}\r\n{"type":"log"}\r\n{"items":[]}\r\n'
    assert payloads(parse_envelope(body)) == [("event", b"{}"), ("log", b'{"items":[]}')]


@pytest.mark.parametrize("body", [b"{}", b"{}\n", b"{}\n\n\n"])
def test_an_envelope_without_items_is_empty_and_not_malformed(body: bytes) -> None:
    assert parse_envelope(body).items == ()


def test_an_item_with_an_empty_payload_is_an_item() -> None:
    body = b'{}\n{"type":"attachment","length":0}\n\n{"type":"event","length":2}\n{}'
    assert payloads(parse_envelope(body)) == [("attachment", b""), ("event", b"{}")]


def test_unknown_types_and_headers_are_items_all_the_same() -> None:
    body = b'{"future":[1]}\n{"type":"from_the_future","platform":"x","meta":{"a":[1]}}\nanything\n'
    assert payloads(parse_envelope(body)) == [("from_the_future", b"anything")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "envelope_header"),
        (b"\n", "envelope_header"),
        (b"[]\n", "envelope_header"),
        (b"not json\n", "envelope_header"),
        (b"\xff\xfe\n", "envelope_header"),
        (b'{"dsn":5}\n', "envelope_header"),
        (b'{"event_id":"' + b"x" * 32 + b'"}\n', "event_id"),
        (b'{"event_id":"abc"}\n', "event_id"),
        (b'{}\n{"length":2}\n{}', "item_header"),
        (b'{}\n{"type":5}\n{}', "item_header"),
        (b'{}\n{"type":"event","length":"2"}\n{}', "item_header"),
        (b"{}\n" + b"[" * 100_000 + b"\n", "item_header"),
        (b"[" * 100_000 + b"\n", "envelope_header"),
        (b'{}\n{"type":"event","length":99999999999999999999}\n{}', "item_truncated"),
        (b'{}\n{"type":"event","length":3}\n{}', "item_truncated"),
        (b'{}\n{"type":"event","length":-1}\n{}', "item_truncated"),
        (b'{}\n{"type":"event","length":1}\n{}', "item_length"),
    ],
)
def test_malformed_envelopes_are_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedReportError) as caught:
        parse_envelope(body)
    assert (caught.value.reason, caught.value.status) == (reason, 400)


def test_the_number_of_items_is_limited() -> None:
    limits = IngestLimits(items_max=3)
    item = b'{"type":"session"}\n{}\n'
    assert len(parse_envelope(b"{}\n" + item * 3, limits=limits).items) == 3
    with pytest.raises(BodyTooLargeError) as caught:
        parse_envelope(b"{}\n" + item * 4, limits=limits)
    assert (caught.value.reason, caught.value.status) == ("too_many_items", 413)


@pytest.mark.parametrize("item_type", ["event", "something"])
def test_the_size_of_an_item_is_limited_by_its_type(item_type: str) -> None:
    limits = IngestLimits(item_bytes_max=20, item_bytes_max_by_type={"event": 10})
    allowed = limits.bytes_max_of(item_type)
    head = b'{}\n{"type":"%s"}\n' % item_type.encode()
    assert len(parse_envelope(head + b"x" * allowed, limits=limits).items) == 1
    with pytest.raises(BodyTooLargeError) as caught:
        parse_envelope(head + b"x" * (allowed + 1), limits=limits)
    assert caught.value.reason == "item_too_large"


def test_a_real_recursion_error_with_locals_is_well_within_the_default_limits() -> None:
    assert IngestLimits().bytes_max_of("event") >= 4 * 888_000


def test_event_ids_are_made_canonical() -> None:
    assert to_event_id("9EC79C33-EC99-42AB-8353-589FCB2E04DC") == ID
    body = b'{"event_id":"9EC79C33-EC99-42AB-8353-589FCB2E04DC"}\n'
    assert parse_envelope(body).header.event_id == ID


def test_what_is_built_can_be_read_again() -> None:
    body = (
        b'{"event_id":"%s","dsn":"https://a@b/1","sent_at":"2026-11-22T00:00:00Z","trace":{"a":"b"}}\n'
        b'{"type":"log","item_count":2,"content_type":"application/vnd.sentry.items.log+json"}\n{"items":[]}\n'
        b'{"type":"attachment","length":3,"filename":"x","attachment_type":"event.attachment"}\n\n\n\n'
    ) % ID.encode()
    envelope = parse_envelope(body)
    again = parse_envelope(build_envelope(envelope.header, envelope.items))
    assert payloads(again) == payloads(envelope)
    assert json.loads(bytes(again.header.trace)) == {"a": "b"}
    assert again.items[0].header.item_count == 2
    assert again.header == envelope.header


@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_empty_lines_are_skipped_up_to_a_bound(line: bytes) -> None:
    head, item = b"{}\n", b'{"type":"x"}\nabc'
    assert payloads(parse_envelope(head + line * (1024 // len(line)) + item)) == [("x", b"abc")]
    for rest in (item, b""):
        with pytest.raises(MalformedReportError) as caught:
            parse_envelope(head + line * 1025 + rest)
        assert (caught.value.reason, caught.value.status) == ("item_header", 400)


@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_millions_of_empty_lines_are_not_walked(line: bytes) -> None:
    with pytest.raises(MalformedReportError):
        parse_envelope(b'{}\n{"type":"x"}\n' + line * 10_000_000)
