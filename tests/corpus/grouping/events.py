"""The corpus as events: a plain reading of payloads, so that grouping is tested without the normalize stage."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from naosu.domain.event import Event, ExceptionValue, Frame, Level

HERE = Path(__file__).parent
SHARED = HERE.parents[2].parent / "shared" / "data"
AT = datetime(2026, 1, 1, tzinfo=UTC)


def _frame(raw: Mapping[str, Any]) -> Frame:
    text = {
        key: str(raw.get(key) or "")
        for key in ("module", "function", "filename", "abs_path", "context_line", "package")
    }
    return Frame(**text, lineno=int(raw.get("lineno") or 0), in_app=raw.get("in_app"))


def _frames(holder: Mapping[str, Any] | None) -> tuple[Frame, ...]:
    return tuple(_frame(raw) for raw in ((holder or {}).get("frames") or []))


def _exception(raw: Mapping[str, Any]) -> ExceptionValue:
    mechanism = raw.get("mechanism") or {}
    return ExceptionValue(
        type=raw.get("type") or "",
        value=raw.get("value") or "",
        module=raw.get("module") or "",
        frames=_frames(raw.get("stacktrace")),
        exception_id=mechanism.get("exception_id", -1),
        parent_id=mechanism.get("parent_id", -1),
        source=mechanism.get("source") or "",
        is_group=bool(mechanism.get("is_exception_group")),
    )


def to_event(raw: Mapping[str, Any]) -> Event:
    logentry = raw.get("logentry") or {}
    if isinstance(raw.get("message"), dict):
        logentry = raw["message"]
    values = raw.get("exception") or {}
    values = values if isinstance(values, list) else values.get("values") or []
    template = logentry.get("message") or ""
    message = (
        logentry.get("formatted") or (raw.get("message") if isinstance(raw.get("message"), str) else "") or template
    )
    tags = raw.get("tags") or {}
    return Event(
        event_id=str(raw.get("event_id") or "0" * 32),
        project_id=1,
        occurred_at=AT,
        received_at=AT,
        platform=raw.get("platform") or "other",
        level=Level(raw.get("level") or "error"),
        logger=raw.get("logger") or "",
        transaction=raw.get("transaction") or "",
        release=raw.get("release") or "",
        exceptions=tuple(_exception(value) for value in values),
        stack=_stack(raw),
        message=message,
        message_template=template,
        tags=tuple(sorted((str(key), str(value)) for key, value in (tags.items() if isinstance(tags, dict) else tags))),
        fingerprint=tuple(raw.get("fingerprint") or ()),
        payload=json.dumps(raw).encode(),
    )


def _stack(raw: Mapping[str, Any]) -> tuple[Frame, ...]:
    if raw.get("stacktrace"):
        return _frames(raw["stacktrace"])
    threads = raw.get("threads") or {}
    for thread in threads.get("values") or []:
        if thread.get("crashed") or thread.get("current"):
            return _frames(thread.get("stacktrace"))
    return ()


def envelope_events(path: Path) -> Iterator[dict[str, Any]]:
    """The event items of one recorded envelope."""
    body = path.read_bytes()
    at = body.index(b"\n") + 1
    while at < len(body):
        end = body.find(b"\n", at)
        header = json.loads(body[at:end] or b"{}")
        at = end + 1
        stop = at + header["length"] if "length" in header else (body.find(b"\n", at) + 1 or len(body) + 1) - 1
        if header.get("type") == "event":
            yield json.loads(body[at:stop])
        at = stop + 1


def read_cases(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
