r"""Envelope framing: a JSON line of headers, then per item a JSON line of headers and a payload.

Source: the envelope format of Sentry's SDK developer documentation. ``\r\n`` is taken for ``\n``, empty lines between
items are skipped, and item types that nobody knows are items all the same.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from naosu.ingest.errors import BodyTooLargeError, MalformedReportError
from naosu.ingest.limits import IngestLimits

_NEWLINE = 0x0A
_EMPTY_LINE_BYTES_MAX = 1024
_EMPTY_LINES = re.compile(rb"[\r\n]{0,%d}" % (_EMPTY_LINE_BYTES_MAX + 1))
_EVENT_ID_DIGITS = 32
_HEX = frozenset("0123456789abcdef")


class EnvelopeHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The first line.

    Attributes:
        event_id: 32 lower-case hex digits, or empty.
        sent_at: As the sender wrote it.
        trace: Dynamic sampling context, undecoded.
    """

    event_id: str | None = None
    dsn: str | None = None
    sent_at: Any = None
    sdk: Any = None
    trace: msgspec.Raw = msgspec.Raw(b"{}")


class ItemHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The line before a payload."""

    type: str
    length: int | None = None
    content_type: str | None = None
    filename: str | None = None
    attachment_type: str | None = None
    item_count: int | None = None


class Item(msgspec.Struct, frozen=True):
    """One item with its payload, undecoded."""

    header: ItemHeader
    payload: bytes

    @property
    def type(self) -> str:
        """The item type as sent."""
        return self.header.type


class Envelope(msgspec.Struct, frozen=True):
    """A whole envelope."""

    header: EnvelopeHeader
    items: tuple[Item, ...]


_ENVELOPE_HEADER = msgspec.json.Decoder(EnvelopeHeader)
_ITEM_HEADER = msgspec.json.Decoder(ItemHeader)


def parse_envelope(body: bytes, *, limits: IngestLimits | None = None) -> Envelope:
    """Return the envelope with all its items.

    Raises:
        MalformedReportError, BodyTooLargeError: Not retryable.
    """
    header, position = parse_header(body)
    return Envelope(header, tuple(iter_items(body, position, limits=limits or IngestLimits())))


def parse_header(body: bytes) -> tuple[EnvelopeHeader, int]:
    """Return the envelope header and where the items begin. Raises MalformedReportError."""
    line, position = _line(body, 0)
    try:
        header = _ENVELOPE_HEADER.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedReportError(f"The envelope header is not valid: {error}", reason="envelope_header") from error
    if header.event_id:
        event_id = to_event_id(header.event_id)
        if event_id != header.event_id:
            header = msgspec.structs.replace(header, event_id=event_id)
    return header, position


def to_event_id(text: str) -> str:
    """Return an event id, with or without hyphens, as 32 lower-case hex digits. Raises MalformedReportError."""
    event_id = text.replace("-", "").lower()
    if len(event_id) != _EVENT_ID_DIGITS or not _HEX.issuperset(event_id):
        raise MalformedReportError("An event id is 32 hex digits.", reason="event_id")
    return event_id


def iter_items(body: bytes, position: int, *, limits: IngestLimits) -> Iterator[Item]:
    """Yield the items from `position` on. Raises MalformedReportError, BodyTooLargeError."""
    count = 0
    while (position := _skip_empty_lines(body, position)) < len(body):
        count += 1
        if count > limits.items_max:
            raise BodyTooLargeError(f"The envelope has over {limits.items_max} items.", reason="too_many_items")
        line, position = _line(body, position)
        try:
            header = _ITEM_HEADER.decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise MalformedReportError(f"An item header is not valid: {error}", reason="item_header") from error
        payload, position = _payload(body, position, header.length)
        if len(payload) > limits.bytes_max_of(header.type):
            raise BodyTooLargeError(
                f"An item of type {header.type[:40]!r} is over {limits.bytes_max_of(header.type)} bytes.",
                reason="item_too_large",
            )
        yield Item(header, payload)


def build_envelope(header: EnvelopeHeader, items: Iterable[Item]) -> bytes:
    """Return the bytes of an envelope with these items."""
    parts = [msgspec.json.encode(_without_none(header))]
    for item in items:
        fields = _without_none(item.header) | {"length": len(item.payload)}
        parts += [msgspec.json.encode(fields), item.payload]
    return b"\n".join(parts) + b"\n"


def _without_none(header: EnvelopeHeader | ItemHeader) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(header).items() if value is not None}


def _line(body: bytes, position: int) -> tuple[bytes, int]:
    end = body.find(b"\n", position)
    return (body[position:], len(body)) if end < 0 else (body[position:end], end + 1)


def _skip_empty_lines(body: bytes, position: int) -> int:
    """Return where the next line that is not empty begins. Nobody sends many empty ones but to keep Naosu busy."""
    end = found.end() if (found := _EMPTY_LINES.match(body, position)) else position
    if end - position > _EMPTY_LINE_BYTES_MAX:
        raise MalformedReportError(
            f"Over {_EMPTY_LINE_BYTES_MAX} bytes of empty lines follow each other.", reason="item_header"
        )
    return end


def _payload(body: bytes, position: int, length: int | None) -> tuple[bytes, int]:
    if length is None:
        payload, position = _line(body, position)
        return payload.removesuffix(b"\r"), position
    end = position + length
    if length < 0 or end > len(body):
        raise MalformedReportError("An item is shorter than its header says.", reason="item_truncated")
    follows = body[end : end + 2]
    if follows and follows[0] != _NEWLINE and follows != b"\r\n":
        raise MalformedReportError("An item is longer than its header says.", reason="item_length")
    return body[position:end], end
