"""What comes along with errors, read leniently: transactions, check-ins, log records, client reports.

Payloads are scrubbed before they come here.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import msgspec

from naosu.domain.telemetry import CheckIn, DbSpan, LogRecord, Transaction
from naosu.normalize.errors import UnreadableReportError
from naosu.normalize.lenient import decode_anything, members, text, values
from naosu.normalize.moments import plausible, read_moment

_NAME_MAX, _RELEASE_MAX, _STATEMENT_MAX, _BODY_MAX = 200, 250, 1000, 8192
_DB_SPANS_MAX, _LOGS_MAX, _ATTRIBUTES_BYTES_MAX = 100, 1000, 16_384
_CHECK_IN_STATUSES = {"ok", "error", "in_progress", "missed", "timeout"}
_SLUG = re.compile(r"[^a-z0-9_-]+")
_LITERAL = re.compile(
    r"'(?:[^'\\]++|''|\\.?)*+(?:'|\Z)|(\"[^\"]++\"?+)|(?<![\w$@:.])-?\d++(?:\.\d++)?+(?![\w.])|0x[0-9a-fA-F]{6,}+",
    re.DOTALL,
)
_NUMBER = re.compile(r"(?<![\w$@:.])-?\d++(?:\.\d++)?+(?![\w.])|0x[0-9a-fA-F]{6,}+")
_PLACEHOLDERS = re.compile(r"\(\s*(?:\?|%s|\$\d+)(?:\s*,\s*(?:\?|%s|\$\d+)){2,}\s*\)")
_BLANKS = re.compile(r"\s+")


def _object(payload: bytes, what: str) -> dict[str, Any]:
    try:
        raw = decode_anything(payload)
    except (ValueError, RecursionError) as error:
        raise UnreadableReportError(f"The {what} is not JSON: {str(error)[:200]}") from None
    if not isinstance(raw, dict):
        raise UnreadableReportError(f"The {what} is JSON, but not an object.")
    return raw


def _short(value: Any, length_max: int = _NAME_MAX) -> str:
    return (text(value) or "").replace("\x00", "")[:length_max]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def _without_literal(match: re.Match[str]) -> str:
    quoted = match[1]  # in double quotes: a name, as a rule
    if quoted is None or "@" in quoted:
        return "?"
    return _NUMBER.sub("?", quoted)


def parameterised(statement: str) -> str:
    """Return a database statement with its literals replaced by ``?``, at most 1,000 characters."""
    plain = _LITERAL.sub(_without_literal, statement[: 4 * _STATEMENT_MAX])
    plain = _PLACEHOLDERS.sub("(?, …)", plain)
    return _BLANKS.sub(" ", plain).strip().replace("\x00", "")[:_STATEMENT_MAX]


def to_transaction(payload: bytes, *, project_id: int, received_at: datetime, event_id: str = "") -> Transaction:
    """Read a transaction item; durations are never negative, database spans are the hundred slowest.

    Raises:
        UnreadableReportError: It is no JSON object. Not retryable.
    """
    raw = _object(payload, "transaction")
    trace = members(members(raw.get("contexts")).get("trace"))
    ended_at = read_moment(_moment_of(raw.get("timestamp"))) or received_at
    started_at = read_moment(_moment_of(raw.get("start_timestamp"))) or ended_at
    spans = _db_spans(raw)
    given = (event_id or text(raw.get("event_id")) or "").replace("-", "").lower()
    return Transaction(
        project_id=project_id,
        event_id=given[:32] or blake2b(payload, digest_size=16).hexdigest(),
        name=_short(raw.get("transaction")) or "<unnamed>",
        operation=_short(trace.get("op"), 64) or "default",
        started_at=plausible(started_at, received_at),
        duration_ms=_milliseconds(ended_at - started_at),
        status=_short(trace.get("status"), 32) or "unknown",
        trace_id=_short(trace.get("trace_id"), 32).replace("-", "").lower(),
        release=_short(raw.get("release"), _RELEASE_MAX),
        environment=_short(raw.get("environment"), 64),
        db_span_count=len(spans),
        db_ms=sum(span.duration_ms for span in spans),
        db_spans=tuple(sorted(spans, key=lambda span: -span.duration_ms)[:_DB_SPANS_MAX]),
    )


def _moment_of(value: Any) -> str | int | float | None:
    return value if isinstance(value, str | int | float) else None


def _milliseconds(duration: timedelta) -> float:
    return round(max(duration / timedelta(milliseconds=1), 0.0), 3)


def _db_spans(raw: dict[str, Any]) -> list[DbSpan]:
    found = []
    for span in values(raw.get("spans")):
        operation = text(members(span).get("op")) or ""
        if operation != "db" and not operation.startswith(("db.", "db_")):
            continue
        data = members(span.get("data"))
        statement = text(span.get("description")) or text(data.get("db.query.text")) or text(data.get("db.statement"))
        started_at = read_moment(_moment_of(span.get("start_timestamp")))
        ended_at = read_moment(_moment_of(span.get("timestamp")))
        known = started_at is not None and ended_at is not None
        duration = _milliseconds(ended_at - started_at) if known and ended_at and started_at else 0.0
        found.append(DbSpan(operation=operation[:64], statement=parameterised(statement or ""), duration_ms=duration))
    return found


def to_check_in(payload: bytes, *, project_id: int, received_at: datetime) -> CheckIn:
    """Read a ``check_in`` item.

    Raises:
        UnreadableReportError: It is no JSON object, or names no monitor. Not retryable.
    """
    raw = _object(payload, "check-in")
    config = raw.get("monitor_config")
    return _check_in(
        raw,
        project_id=project_id,
        received_at=received_at,
        config=msgspec.json.encode(config)[:_ATTRIBUTES_BYTES_MAX] if isinstance(config, dict) else b"",
    )


def to_cron_check_in(query: Mapping[str, str], *, project_id: int, received_at: datetime, body: bytes = b"") -> CheckIn:
    """Read a check-in by plain HTTP: the monitor's slug, ``status``, ``duration``, ``check_in_id``, ``environment``.

    A posted JSON object counts where the query is silent. Without a status the job is fine: it reached us.

    Raises:
        UnreadableReportError: It names no monitor. Not retryable.
    """
    try:
        posted = members(decode_anything(body)) if body.strip() else {}
    except (ValueError, RecursionError):
        posted = {}
    raw = {**posted, **query}
    config = posted.get("monitor_config")
    raw["monitor_slug"] = raw.get("monitor_slug") or raw.get("slug")
    raw["status"] = raw.get("status") or "ok"
    raw["environment"] = raw.get("environment") or raw.get("sentry_environment")
    return _check_in(
        raw,
        project_id=project_id,
        received_at=received_at,
        config=msgspec.json.encode(config)[:_ATTRIBUTES_BYTES_MAX] if isinstance(config, dict) else b"",
    )


def _check_in(raw: dict[str, Any], *, project_id: int, received_at: datetime, config: bytes) -> CheckIn:
    slug = _SLUG.sub("-", (text(raw.get("monitor_slug")) or "").lower()).strip("-")[:_NAME_MAX]
    if not slug:
        raise UnreadableReportError("The check-in names no monitor.")
    status = _short(raw.get("status"), 32).lower()
    duration = _number(raw.get("duration"))
    check_in_id = _short(raw.get("check_in_id"), 64).replace("-", "").lower()
    return CheckIn(
        project_id=project_id,
        check_in_id=check_in_id[:32] or "0" * 32,
        monitor_slug=slug,
        status=status if status in _CHECK_IN_STATUSES else "unknown",
        received_at=received_at,
        duration_s=duration if duration is not None and duration >= 0 else None,
        environment=_short(raw.get("environment"), 64),
        release=_short(raw.get("release"), _RELEASE_MAX),
        config=config,
    )


def to_log_records(payload: bytes, *, project_id: int, received_at: datetime) -> list[LogRecord]:
    """Read a ``log`` item, at most a thousand records; attributes lose their type wrappers.

    Raises:
        UnreadableReportError: It is no JSON. Not retryable.
    """
    try:
        raw = decode_anything(payload)
    except (ValueError, RecursionError) as error:
        raise UnreadableReportError(f"The log item is not JSON: {str(error)[:200]}") from None
    items = raw if isinstance(raw, list) else members(raw).get("items")
    if items is None:
        items = [raw]
    if not isinstance(items, list):
        return []
    return [_log_record(item, project_id, received_at) for item in items[:_LOGS_MAX] if isinstance(item, dict)]


def _log_record(raw: dict[str, Any], project_id: int, received_at: datetime) -> LogRecord:
    attributes = {
        _short(name): _bounded(value.get("value") if isinstance(value, dict) and "value" in value else value)
        for name, value in members(raw.get("attributes")).items()
    }
    encoded = msgspec.json.encode(attributes)
    while len(encoded) > _ATTRIBUTES_BYTES_MAX and attributes:
        attributes.pop(max(attributes, key=lambda name: len(str(attributes[name]))))
        encoded = msgspec.json.encode(attributes)
    return LogRecord(
        project_id=project_id,
        logged_at=plausible(read_moment(_moment_of(raw.get("timestamp"))), received_at),
        level=_short(raw.get("level") or raw.get("severity_text"), 16).lower() or "info",
        body=_short(raw.get("body"), _BODY_MAX),
        trace_id=_short(raw.get("trace_id"), 32),
        span_id=_short(raw.get("span_id"), 16),
        attributes=encoded,
    )


def _bounded(value: Any) -> Any:
    return value[:_STATEMENT_MAX].replace("\x00", "") if isinstance(value, str) else value
