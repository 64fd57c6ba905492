"""Events as Sentry names their fields, made from the stored event and its payload."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from naosu.api.sentry.issue_shapes import metadata_of
from naosu.api.sentry.payloads import as_dict, as_list, as_pairs, as_text, as_time, decode_payload
from naosu.domain.event import User
from naosu.domain.issue import Issue
from naosu.ports.store.issues import EventLine, StoredEvent


class SentryEventLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event in a list."""

    id: str
    event_id: str = msgspec.field(name="eventID")
    group_id: str = msgspec.field(name="groupID")
    project_id: str = msgspec.field(name="projectID")
    title: str
    message: str
    date_created: datetime
    location: str | None
    culprit: str
    user: dict[str, str] | None
    tags: tuple[dict[str, str], ...]
    platform: str
    event_type: str = msgspec.field(default="error", name="event.type")
    type: str = "error"


def show_event_line(line: EventLine, *, culprit: str = "", platform: str = "other") -> SentryEventLine:
    """Show an event of a list."""
    kind, _, value = line.user_key.partition(":")
    known = {"level": line.level, "environment": line.environment, "release": line.release}
    return SentryEventLine(
        id=line.event_id,
        event_id=line.event_id,
        group_id=str(line.issue_id),
        project_id=str(line.project_id),
        title=line.title,
        message=line.title,
        date_created=line.occurred_at,
        location=line.transaction or None,
        culprit=culprit or line.transaction,
        user={kind: value} if value else None,
        tags=tuple({"key": key, "value": value} for key, value in known.items() if value),
        platform=platform,
    )


def show_event(stored: StoredEvent, issue: Issue) -> dict[str, Any]:
    """Show an event in full: Sentry's `entries` hold exceptions, breadcrumbs, request, message and threads."""
    event = stored.event
    payload = decode_payload(event.payload)
    return {
        "id": event.event_id,
        "eventID": event.event_id,
        "groupID": str(stored.issue_id),
        "projectID": str(event.project_id),
        "projectSlug": issue.project_slug,
        "title": issue.title,
        "message": event.message,
        "culprit": issue.culprit,
        "location": event.transaction or None,
        "type": "error",
        "platform": event.platform,
        "dateCreated": event.occurred_at,
        "dateReceived": event.received_at,
        "size": len(event.payload),
        "dist": event.dist or None,
        "release": {"version": event.release} if event.release else None,
        "user": show_user(event.user, as_dict(payload.get("user"))),
        "tags": [{"key": key, "value": value} for key, value in all_tags(stored)],
        "contexts": as_dict(payload.get("contexts")),
        "context": as_dict(payload.get("extra")),
        "packages": as_dict(payload.get("modules")),
        "sdk": as_dict(payload.get("sdk")) or None,
        "metadata": metadata_of(issue.title),
        "fingerprints": [stored.fingerprint],
        "entries": list(entries_of(payload)),
        "errors": [],
        "crashFile": None,
        "nextEventID": stored.newer_id,
        "previousEventID": stored.older_id,
        "_meta": {"scrubbed": [{"field": note.field, "rule": note.rule} for note in event.scrubbed]},
    }


def all_tags(stored: StoredEvent) -> list[tuple[str, str]]:
    """Return an event's tags with those that Sentry makes of fields."""
    event = stored.event
    fields = {
        "environment": event.environment,
        "level": event.level.value,
        "logger": event.logger,
        "release": event.release,
        "server_name": event.server_name,
        "transaction": event.transaction,
        "user": event.user.key,
    }
    named = dict(event.tags)
    return sorted([*event.tags, *((key, value) for key, value in fields.items() if value and key not in named)])


def show_user(user: User, sent: dict[str, Any]) -> dict[str, Any] | None:
    """Show who was affected. None: nobody is known."""
    shown: dict[str, Any] = {
        "id": user.id or None,
        "username": user.username or None,
        "email": user.email or None,
        "ip_address": user.ip_address or None,
        "name": as_text(sent.get("name")),
    }
    if not any(shown.values()):
        return None
    known = {*shown, "data"}
    return {**shown, "data": {key: value for key, value in sent.items() if key not in known}}


def entries_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entries that the payload has, in Sentry's order."""
    makers: tuple[tuple[str, str, Callable[[Any], dict[str, Any] | None]], ...] = (
        ("exception", "exception", show_exceptions),
        ("stacktrace", "stacktrace", show_stacktrace),
        ("threads", "threads", show_threads),
        ("logentry", "message", show_message),
        ("message", "message", show_message),
        ("breadcrumbs", "breadcrumbs", show_breadcrumbs),
        ("request", "request", show_request),
    )
    entries: list[dict[str, Any]] = []
    for field, kind, make in makers:
        data = make(payload.get(field)) if payload.get(field) else None
        if data is not None and all(entry["type"] != kind for entry in entries):
            entries.append({"type": kind, "data": data})
    return entries


def show_exceptions(value: object) -> dict[str, Any] | None:
    """Show a chain of exceptions."""
    values = [show_exception(as_dict(one)) for one in as_list(value)]
    has_app_frames = any(frame["inApp"] for one in values if one["stacktrace"] for frame in one["stacktrace"]["frames"])
    return {"values": values, "hasSystemFrames": has_app_frames, "excOmitted": None} if values else None


def show_exception(sent: dict[str, Any]) -> dict[str, Any]:
    """Show one exception."""
    return {
        "type": as_text(sent.get("type")),
        "value": as_text(sent.get("value")),
        "module": as_text(sent.get("module")),
        "mechanism": as_dict(sent.get("mechanism")) or None,
        "threadId": sent.get("thread_id"),
        "stacktrace": show_stacktrace(sent.get("stacktrace")),
        "rawStacktrace": None,
    }


def show_stacktrace(value: object) -> dict[str, Any] | None:
    """Show a stack, outermost call first."""
    frames = [show_frame(as_dict(frame)) for frame in as_list(as_dict(value).get("frames"))]
    if not frames:
        return None
    return {
        "frames": frames,
        "framesOmitted": None,
        "registers": None,
        "hasSystemFrames": any(f["inApp"] for f in frames),
    }


def show_frame(sent: dict[str, Any]) -> dict[str, Any]:
    """Show one frame with its locals and source lines."""
    return {
        "filename": as_text(sent.get("filename")),
        "absPath": as_text(sent.get("abs_path")),
        "module": as_text(sent.get("module")),
        "package": as_text(sent.get("package")),
        "platform": as_text(sent.get("platform")),
        "function": as_text(sent.get("function")),
        "rawFunction": as_text(sent.get("raw_function")),
        "lineNo": sent.get("lineno"),
        "colNo": sent.get("colno"),
        "inApp": sent.get("in_app") is True,
        "vars": as_dict(sent.get("vars")) or None,
        "context": source_lines(sent),
        "errors": None,
    }


def source_lines(sent: dict[str, Any]) -> list[tuple[int, str]]:
    """Return the source lines around a frame with their numbers."""
    line = sent.get("context_line")
    number = sent.get("lineno")
    if not isinstance(line, str) or not isinstance(number, int):
        return []
    before = [str(one) for one in as_list({"values": sent.get("pre_context")})]
    after = [str(one) for one in as_list({"values": sent.get("post_context")})]
    first = number - len(before)
    return list(enumerate([*before, line, *after], first))


def show_threads(value: object) -> dict[str, Any] | None:
    """Show threads with their stacks."""
    values = [
        {
            "id": sent.get("id"),
            "name": as_text(sent.get("name")),
            "crashed": sent.get("crashed") is True,
            "current": sent.get("current") is True,
            "stacktrace": show_stacktrace(sent.get("stacktrace")),
            "rawStacktrace": None,
        }
        for sent in map(as_dict, as_list(value))
    ]
    return {"values": values} if values else None


def show_message(value: object) -> dict[str, Any] | None:
    """Show a log message, formatted if the SDK did."""
    if isinstance(value, str):
        return {"formatted": value}
    sent = as_dict(value)
    formatted = as_text(sent.get("formatted")) or as_text(sent.get("message"))
    if formatted is None:
        return None
    return {"formatted": formatted, "message": as_text(sent.get("message")), "params": sent.get("params")}


def show_breadcrumbs(value: object) -> dict[str, Any] | None:
    """Show what happened before, oldest first."""
    values = [
        {
            "timestamp": as_time(sent.get("timestamp")),
            "type": as_text(sent.get("type")) or "default",
            "category": as_text(sent.get("category")),
            "level": as_text(sent.get("level")) or "info",
            "message": as_text(sent.get("message")),
            "data": as_dict(sent.get("data")) or None,
            "event_id": as_text(sent.get("event_id")),
        }
        for sent in map(as_dict, as_list(value))
    ]
    return {"values": values} if values else None


def show_request(value: object) -> dict[str, Any] | None:
    """Show the request."""
    sent = as_dict(value)
    if not sent:
        return None
    query = sent.get("query_string")
    return {
        "url": as_text(sent.get("url")),
        "method": as_text(sent.get("method")),
        "data": sent.get("data"),
        "query": as_pairs(query) if not isinstance(query, str) else query,
        "fragment": as_text(sent.get("fragment")),
        "cookies": as_pairs(sent.get("cookies")),
        "headers": as_pairs(sent.get("headers")),
        "env": as_dict(sent.get("env")) or None,
        "inferredContentType": None,
        "apiTarget": None,
    }
