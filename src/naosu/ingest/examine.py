"""What a request brought, read as far as the door must: decompressed, framed, well-formed, within the limits."""

from collections.abc import Sequence

import msgspec

from naosu.domain.outcome import DataCategory
from naosu.ingest.depth import check_nesting
from naosu.ingest.drops import ItemFate, fate_of, quantity_of
from naosu.ingest.encoding import decode_body, decode_prefix
from naosu.ingest.errors import BodyTooLargeError, IngestError, MalformedReportError
from naosu.ingest.event_head import read_event_head
from naosu.ingest.limits import IngestLimits
from naosu.ingest.sentry.envelope import EnvelopeHeader, Item, ItemHeader, iter_items, parse_header, to_event_id

_EVENT_TYPES = frozenset({"event", "transaction"})
_DEEP_TYPES = frozenset({"check_in", "log", "client_report"})  # decoded whole by the digester
_HEADER_BYTES_MAX = 64 * 1024
_SINGLE_BYTES_MAX = 1024 * 1024  # browsers' reports and check-ins are a few kB each
_JSON = msgspec.json.Decoder(msgspec.Raw)


class Part(msgspec.Struct, frozen=True):
    """One item, and what becomes of its type."""

    item: Item
    fate: ItemFate
    quantity: int


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope that may come in.

    Attributes:
        event_id: From the header or the payload. Empty: neither has one.
        is_countable: Nothing in it is digested: the door itself counts all of it.
    """

    header: EnvelopeHeader
    parts: tuple[Part, ...]
    event_id: str
    has_event: bool
    is_countable: bool


def read_header(body: bytes, content_encoding: str, *, limits: IngestLimits) -> EnvelopeHeader:
    """Return an envelope's header, without a look at what follows it. Raises IngestError."""
    prefix = decode_prefix(body, content_encoding, bytes_max=_HEADER_BYTES_MAX, encodings_max=limits.encodings_max)
    return parse_header(prefix)[0]


def examine_envelope(body: bytes, content_encoding: str, *, limits: IngestLimits) -> Examined:
    """Return what is in an envelope as received.

    Raises:
        IngestError: It may not come in; `lost` says what was in it, as far as it could be read. Not retryable.
    """
    decoded = _decode(body, content_encoding, limits)
    header, position = parse_header(decoded)
    parts: list[Part] = []
    try:
        for item in iter_items(decoded, position, limits=limits):
            parts.append(Part(item, fate_of(item.type), quantity_of(item)))  # noqa: PERF401 - what came before an error counts
    except IngestError as error:
        error.lost = (*_losses(parts), (DataCategory.DEFAULT, 1))
        raise
    try:
        payload_id, has_event = _check_payloads(parts, limits)
    except IngestError as error:
        error.lost = _losses(parts)
        raise
    return Examined(
        header=header,
        parts=tuple(parts),
        event_id=header.event_id or payload_id,
        has_event=has_event,
        is_countable=not any(part.fate.is_kept and part.item.type != "client_report" for part in parts),
    )


def examine_store(body: bytes, content_encoding: str, *, limits: IngestLimits) -> Examined:
    """Return the event of a legacy store request, as the envelope that it would be today. Raises IngestError."""
    try:
        payload = _decode(body, content_encoding, limits)
        if len(payload) > limits.bytes_max_of("event"):
            raise BodyTooLargeError(f"The event is over {limits.bytes_max_of('event')} bytes.", reason="item_too_large")
        head = read_event_head(payload, depth_max=limits.json_depth_max)
    except IngestError as error:
        error.lost = ((DataCategory.ERROR, 1),)
        raise
    item_type = "transaction" if head.type == "transaction" else "event"
    part = Part(Item(ItemHeader(type=item_type), payload), fate_of(item_type), 1)
    return Examined(
        header=EnvelopeHeader(),
        parts=(part,),
        event_id=_event_id_or_empty(head.event_id),
        has_event=item_type == "event",
        is_countable=False,
    )


def examine_json(body: bytes, content_encoding: str, *, category: DataCategory, limits: IngestLimits) -> None:
    """Check a body that is one JSON value (browser reports, check-ins). Raises IngestError."""
    try:
        payload = _decode(body, content_encoding, limits)
        if len(payload) > _SINGLE_BYTES_MAX:
            raise BodyTooLargeError(f"The report is over {_SINGLE_BYTES_MAX} bytes.", reason="item_too_large")
        check_nesting(payload, depth_max=limits.json_depth_max)
        _JSON.decode(payload)
    except IngestError as error:
        error.lost = ((category, 1),)
        raise
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        refusal = MalformedReportError(f"The body is not JSON: {error}", reason="body_json")
        refusal.lost = ((category, 1),)
        raise refusal from error


def examine_encoding(body: bytes, content_encoding: str, *, limits: IngestLimits) -> None:
    """Check that a body can be decompressed within the limits. Raises IngestError."""
    _decode(body, content_encoding, limits)


def _decode(body: bytes, content_encoding: str, limits: IngestLimits) -> bytes:
    return decode_body(body, content_encoding, bytes_max=limits.decoded_bytes_max, encodings_max=limits.encodings_max)


def _check_payloads(parts: Sequence[Part], limits: IngestLimits) -> tuple[str, bool]:
    """Return the first event id, and whether there is an error event."""
    event_id = ""
    has_event = False
    for part in parts:
        item_type = part.item.type
        if item_type in _EVENT_TYPES:
            head = read_event_head(part.item.payload, depth_max=limits.json_depth_max)
            event_id = event_id or _event_id_or_empty(head.event_id)
            has_event = has_event or item_type == "event"
        elif item_type in _DEEP_TYPES:
            check_nesting(part.item.payload, depth_max=limits.json_depth_max)
    return event_id, has_event


def _event_id_or_empty(value: object) -> str:
    try:
        return to_event_id(value) if isinstance(value, str) else ""
    except MalformedReportError:
        return ""


def _losses(parts: Sequence[Part]) -> tuple[tuple[DataCategory, int], ...]:
    return tuple((part.fate.category, part.quantity) for part in parts if part.item.type != "client_report")
