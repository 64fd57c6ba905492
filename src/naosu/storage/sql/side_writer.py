"""Writing what comes along with errors."""

import msgspec
from sqlalchemy import Connection

from naosu.ports.store.digest import DigestBatch
from naosu.storage.bodies import compress_attachment
from naosu.storage.facets import clean
from naosu.storage.sql import statements
from naosu.storage.sql.column_types import to_micros

_NAME_CHARS_MAX = 1_000
_BODY_CHARS_MAX = 65_536

_encode_json = msgspec.json.encode


def write_side_rows(connection: Connection, batch: DigestBatch) -> None:
    """Write dead letters, attachments, transactions, check-ins and log records."""
    _write_dead_letters(connection, batch)
    _write_attachments(connection, batch)
    _write_transactions(connection, batch)
    _write_check_ins(connection, batch)
    _write_logs(connection, batch)


def _name(text: str) -> str:
    return clean(text, _NAME_CHARS_MAX)


def _write_dead_letters(connection: Connection, batch: DigestBatch) -> None:
    rows = [
        (
            letter.project_id,
            _name(letter.reason),
            _name(letter.detail),
            to_micros(letter.died_at),
            letter.attempts,
            msgspec.msgpack.encode(letter.report),
        )
        for letter in batch.dead_letters
    ]
    statements.INSERT_DEAD_LETTERS.run(connection, rows)


def _write_attachments(connection: Connection, batch: DigestBatch) -> None:
    rows = [
        (
            one.project_id,
            one.event_id,
            _name(one.filename),
            _name(one.content_type),
            _name(one.kind),
            compress_attachment(one.body),
        )
        for one in batch.attachments
    ]
    statements.INSERT_ATTACHMENTS.run(connection, rows)


def _write_transactions(connection: Connection, batch: DigestBatch) -> None:
    rows = [
        (
            one.project_id,
            _name(one.event_id),
            _name(one.name),
            _name(one.operation),
            to_micros(one.started_at),
            one.duration_ms,
            _name(one.status),
            _name(one.trace_id),
            _name(one.release),
            _name(one.environment),
            one.db_span_count,
            one.db_ms,
            max((span.duration_ms for span in one.db_spans), default=0.0),
            _encode_json(one.db_spans),
        )
        for one in batch.transactions
    ]
    statements.INSERT_TRANSACTIONS.run(connection, rows)


def _write_check_ins(connection: Connection, batch: DigestBatch) -> None:
    rows = [
        (
            one.project_id,
            _name(one.check_in_id),
            _name(one.monitor_slug),
            _name(one.status),
            to_micros(one.received_at),
            one.duration_s,
            _name(one.environment),
            _name(one.release),
            one.config,
        )
        for one in batch.check_ins
    ]
    statements.INSERT_CHECK_INS.run(connection, rows)


def _write_logs(connection: Connection, batch: DigestBatch) -> None:
    rows = [
        (
            one.project_id,
            to_micros(one.logged_at),
            _name(one.level),
            clean(one.body, _BODY_CHARS_MAX),
            _name(one.trace_id),
            _name(one.span_id),
            one.attributes,
        )
        for one in batch.logs
    ]
    statements.INSERT_LOGS.run(connection, rows)
