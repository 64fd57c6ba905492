"""Reports → what they hold, decoded and scrubbed: everything by which a report can turn out to be poison."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import msgspec

from naosu.domain.errors import NaosuError
from naosu.domain.event import Event
from naosu.domain.outcome import DataCategory, Outcome
from naosu.domain.report import Delivery, Report, ReportKind
from naosu.domain.telemetry import Attachment
from naosu.group import locate
from naosu.ingest.drops import client_report_entries, fate_of, quantity_of
from naosu.ingest.encoding import decode_body
from naosu.ingest.limits import IngestLimits
from naosu.ingest.sentry.envelope import EnvelopeHeader, Item, ItemHeader, parse_envelope
from naosu.normalize.event import to_event
from naosu.normalize.scrub import Scrubbed, Scrubber
from naosu.normalize.security import security_report_payloads
from naosu.normalize.telemetry import to_check_in, to_cron_check_in, to_log_records, to_transaction
from naosu.pipeline.sheet import EventPayload, LocatedEvent, Sheet

_TOGETHER_MAX = 32
_TOGETHER_BYTES_MAX = 1024 * 1024
"""Decompressed, beside one report more: what is read together should fit a processor's second cache."""


class StrayAttachmentError(NaosuError):
    """An attachment came without the id of the event that it belongs to. Not retryable."""

    code = "digest.stray_attachment"


class Unpacked(NamedTuple):
    """What a run of deliveries held.

    Attributes:
        sheets: Of the reports that could be read.
        poison: Of those that could not, each with what is wrong with it.
        read_count: How many deliveries were looked at; the others are left for later.
    """

    sheets: list[Sheet]
    poison: list[tuple[Sheet, Exception]]
    read_count: int


class Unpacker:
    """Reads reports, many at a time: each stage runs over all of them before the next begins.

    So its code and tables stay in the processor's caches, which costs a quarter less than going report by report. Where
    there is poison among them, each is read for itself.
    """

    def __init__(
        self,
        *,
        scrubber_of: Callable[[int], Scrubber],
        compress: Callable[[bytes], bytes],
        limits: IngestLimits,
        guard: AbstractContextManager[object],
    ) -> None:
        """Join the stages. `scrubber_of` finds a project's scrubber; `guard` may end what takes too long."""
        self._scrubber_of = scrubber_of
        self._compress = compress
        self._limits = limits
        self._guard = guard

    def unpack(self, deliveries: Sequence[Delivery], *, attachment_bytes_max: int) -> Unpacked:
        """Read deliveries until more than `attachment_bytes_max` of attachments are in memory."""
        sheets: list[Sheet] = []
        poison: list[tuple[Sheet, Exception]] = []
        read_count = alone_until = 0
        while read_count < len(deliveries) and attachment_bytes_max >= 0:
            together = deliveries[read_count : read_count + (1 if read_count < alone_until else _TOGETHER_MAX)]
            try:
                good, count = self._read(together, attachment_bytes_max)
            except Exception as error:  # noqa: BLE001 # why: the worker loop: one poison report must not stop the rest
                if len(together) > 1:
                    alone_until = read_count + len(together)
                    continue
                poison += [(sheet, error) for sheet in _sheets(together)]
                good, count = [], 1
            sheets += good
            read_count += count
            attachment_bytes_max -= sum(sheet.attachment_bytes for sheet in good)
        return Unpacked(sheets, poison, read_count)

    def _read(self, deliveries: Sequence[Delivery], attachment_bytes_max: int) -> tuple[list[Sheet], int]:
        """Return what the first of these hold, as many as may be in memory decompressed, and how many that were."""
        sheets: list[Sheet] = []
        count = decoded_bytes = 0
        with self._guard:
            for delivery in deliveries:
                if decoded_bytes > _TOGETHER_BYTES_MAX or attachment_bytes_max < 0:
                    break
                count += 1
                for sheet in _sheets([delivery]):
                    decoded_bytes += self._open(sheet)
                    attachment_bytes_max -= sheet.attachment_bytes
                    sheets.append(sheet)
            self._locate_events(sheets)
        return sheets, count

    def _open(self, sheet: Sheet) -> int:
        """Put what a report holds on its sheet, and return how many bytes that were; events stay as they came."""
        report = sheet.report
        body = decode_body(
            report.body,
            report.content_encoding,
            bytes_max=self._limits.decoded_bytes_max,
            encodings_max=self._limits.encodings_max,
        )
        _OPENERS[report.kind](sheet, body, _Tools(self._scrubber_of(report.project_id), self._limits))
        return len(body)

    def _locate_events(self, sheets: Sequence[Sheet]) -> None:
        waiting = [(sheet, one) for sheet in sheets for one in sheet.payloads]
        scrubbed = [self._scrubber_of(sheet.report.project_id).scrub(one.payload) for sheet, one in waiting]
        events = [self._to_event(*one, left) for one, left in zip(waiting, scrubbed, strict=True)]
        crashes = [locate(event) for event in events]
        bodies = [self._compress(left.payload) for left in scrubbed]
        for (sheet, _), event, crash, body in zip(waiting, events, crashes, bodies, strict=True):
            sheet.located.append(LocatedEvent(msgspec.structs.replace(event, payload=b""), crash, body))
        for sheet in sheets:
            sheet.payloads.clear()

    def _to_event(self, sheet: Sheet, one: EventPayload, left: Scrubbed) -> Event:
        report = sheet.report
        return to_event(
            left.payload,
            project_id=report.project_id,
            received_at=report.received_at,
            event_id=one.event_id,
            sender_ip=self._scrubber_of(report.project_id).scrub_ip(report.sender_ip),
            scrubbed=left.notes,
        )


def _sheets(deliveries: Iterable[Delivery]) -> list[Sheet]:
    """Return an empty sheet for each report among these; tallies need none."""
    return [Sheet(one.delivery_id, one.content) for one in deliveries if isinstance(one.content, Report)]


class _Tools(NamedTuple):
    scrubber: Scrubber
    limits: IngestLimits


def _open_envelope(sheet: Sheet, body: bytes, tools: _Tools) -> None:
    envelope = parse_envelope(body, limits=tools.limits)
    for item in envelope.items:
        handle = _HANDLERS.get(item.type)
        if handle is None:
            _drop(sheet, item)
        else:
            handle(sheet, item, envelope.header, tools)


def _open_store(sheet: Sheet, body: bytes, tools: _Tools) -> None:
    _event(sheet, _item("event", body), EnvelopeHeader(), tools)


def _open_security(sheet: Sheet, body: bytes, tools: _Tools) -> None:
    header = EnvelopeHeader(event_id=sheet.report.query.get("event_id"))
    for payload in security_report_payloads(body):
        _event(sheet, _item("event", payload), header, tools)


def _open_cron(sheet: Sheet, body: bytes, tools: _Tools) -> None:
    report = sheet.report
    query = tools.scrubber.scrub(msgspec.json.encode(report.query)).payload
    sheet.check_ins.append(
        to_cron_check_in(
            msgspec.json.decode(query, type=dict[str, str]),
            project_id=report.project_id,
            received_at=report.received_at,
            body=tools.scrubber.scrub(body).payload,
        )
    )
    sheet.count(DataCategory.MONITOR, Outcome.ACCEPTED)


def _open_otlp(sheet: Sheet, body: bytes, tools: _Tools) -> None:
    is_logs = sheet.report.kind is ReportKind.OTLP_LOGS
    sheet.count(DataCategory.LOG_ITEM if is_logs else DataCategory.SPAN, Outcome.FILTERED, "otlp_not_kept")


def _item(item_type: str, payload: bytes) -> Item:
    return Item(ItemHeader(type=item_type), payload)


def _drop(sheet: Sheet, item: Item) -> None:
    fate = fate_of(item.type)
    sheet.count(fate.category, Outcome.FILTERED, fate.drop_reason, quantity_of(item))


def _event(sheet: Sheet, item: Item, header: EnvelopeHeader, tools: _Tools) -> None:
    is_first = not sheet.payloads  # the id in the header is the first event's; others bring their own
    sheet.payloads.append(EventPayload(item.payload, (header.event_id or "") if is_first else ""))


def _transaction(sheet: Sheet, item: Item, header: EnvelopeHeader, tools: _Tools) -> None:
    report = sheet.report
    payload = tools.scrubber.scrub(item.payload).payload
    sheet.transactions.append(
        to_transaction(
            payload, project_id=report.project_id, received_at=report.received_at, event_id=header.event_id or ""
        )
    )
    sheet.count(DataCategory.TRANSACTION, Outcome.ACCEPTED)


def _attachment(sheet: Sheet, item: Item, header: EnvelopeHeader, tools: _Tools) -> None:
    if not header.event_id:
        raise StrayAttachmentError("the envelope has an attachment, but no event id")
    filename = item.header.filename or "unnamed"
    content_type = item.header.content_type or "application/octet-stream"
    sheet.attachments.append(
        Attachment(
            project_id=sheet.report.project_id,
            event_id=header.event_id,
            filename=tools.scrubber.scrub_text(filename)[:255],
            content_type=tools.scrubber.scrub_text(content_type)[:100],
            kind=tools.scrubber.scrub_text(item.header.attachment_type or "event.attachment")[:100],
            body=tools.scrubber.scrub_attachment(item.payload, content_type, filename).payload,
        )
    )
    sheet.count(DataCategory.ATTACHMENT, Outcome.ACCEPTED)


def _check_in(sheet: Sheet, item: Item, header: EnvelopeHeader, tools: _Tools) -> None:
    report = sheet.report
    payload = tools.scrubber.scrub(item.payload).payload
    sheet.check_ins.append(to_check_in(payload, project_id=report.project_id, received_at=report.received_at))
    sheet.count(DataCategory.MONITOR, Outcome.ACCEPTED)


def _log(sheet: Sheet, item: Item, header: EnvelopeHeader, tools: _Tools) -> None:
    report = sheet.report
    payload = tools.scrubber.scrub(item.payload).payload
    records = to_log_records(payload, project_id=report.project_id, received_at=report.received_at)
    sheet.logs.extend(records)
    if records:
        sheet.count(DataCategory.LOG_ITEM, Outcome.ACCEPTED, quantity=len(records))


def _client_report(sheet: Sheet, item: Item, header: EnvelopeHeader, tools: _Tools) -> None:
    try:
        entries = client_report_entries(item.payload, project_id=sheet.report.project_id, minute=sheet.minute)
    except msgspec.MsgspecError:
        sheet.count(DataCategory.INTERNAL, Outcome.INVALID, "client_report_malformed")
        return
    sheet.ledger.extend(entries)


_HANDLERS: dict[str, Callable[[Sheet, Item, EnvelopeHeader, _Tools], None]] = {
    "event": _event,
    "transaction": _transaction,
    "attachment": _attachment,
    "check_in": _check_in,
    "log": _log,
    "client_report": _client_report,
}
_OPENERS: dict[ReportKind, Callable[[Sheet, bytes, _Tools], None]] = {
    ReportKind.ENVELOPE: _open_envelope,
    ReportKind.STORE: _open_store,
    ReportKind.SECURITY: _open_security,
    ReportKind.CRON: _open_cron,
    ReportKind.OTLP_TRACES: _open_otlp,
    ReportKind.OTLP_LOGS: _open_otlp,
}
