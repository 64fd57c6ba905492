"""One report → what it holds, decoded and scrubbed: everything by which a report can turn out to be poison."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from naosu.domain.errors import NaosuError
from naosu.domain.outcome import DataCategory, Outcome
from naosu.domain.report import ReportKind
from naosu.domain.telemetry import Attachment
from naosu.group import locate
from naosu.ingest.drops import client_report_entries, fate_of, quantity_of
from naosu.ingest.encoding import decode_body
from naosu.ingest.limits import IngestLimits
from naosu.ingest.sentry.envelope import EnvelopeHeader, Item, ItemHeader, parse_envelope
from naosu.normalize.event import to_event
from naosu.normalize.scrub import Scrubber
from naosu.normalize.security import security_report_payloads
from naosu.normalize.telemetry import to_check_in, to_cron_check_in, to_log_records, to_transaction
from naosu.pipeline.sheet import LocatedEvent, Sheet


class StrayAttachmentError(NaosuError):
    """An attachment came without the id of the event that it belongs to. Not retryable."""

    code = "digest.stray_attachment"


def unpack(sheet: Sheet, *, scrubber: Scrubber, compress: Callable[[bytes], bytes], limits: IngestLimits) -> None:
    """Fill the sheet with what its report holds; payloads are compressed and let go at once.

    Raises:
        NaosuError: The report is poison; its code is the reason.
    """
    report = sheet.report
    body = decode_body(
        report.body,
        report.content_encoding,
        bytes_max=limits.decoded_bytes_max,
        encodings_max=limits.encodings_max,
    )
    _OPENERS[report.kind](sheet, body, _Tools(scrubber, compress, limits))


class _Tools(NamedTuple):
    scrubber: Scrubber
    compress: Callable[[bytes], bytes]
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
    report = sheet.report
    is_first = not sheet.located  # the id in the header is the first event's; others bring their own
    scrubbed = tools.scrubber.scrub(item.payload)
    event = to_event(
        scrubbed.payload,
        project_id=report.project_id,
        received_at=report.received_at,
        event_id=(header.event_id or "") if is_first else "",
        sender_ip=tools.scrubber.scrub_ip(report.sender_ip),
        scrubbed=scrubbed.notes,
    )
    sheet.located.append(
        LocatedEvent(
            event=msgspec.structs.replace(event, payload=b""),
            crash=locate(event),
            body=tools.compress(scrubbed.payload),
        )
    )


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
