"""An event as Markdown, for people and for chat assistants: the crash first, bounded, nothing mistaken for markup."""

from collections.abc import Iterable, Sequence

from naosu.normalize.moments import read_moment
from naosu.normalize.views import Breadcrumb, EventDetail, ExceptionDetail, FrameDetail, RequestDetail

_LENGTH_MAX = 40_000
_FRAMES_MAX, _VARIABLES_MAX, _CRUMBS_MAX, _PAIRS_MAX, _EXCEPTIONS_MAX = 25, 20, 15, 30, 10
_CELL_MAX, _CODE_MAX = 300, 2000


def to_markdown(
    detail: EventDetail,
    *,
    title: str = "",
    url: str = "",
    facts: Sequence[tuple[str, str]] = (),
    length_max: int = _LENGTH_MAX,
) -> str:
    """Return an event as Markdown of at most `length_max` characters.

    Args:
        detail: The event.
        title: Of its issue. Empty: made from the event.
        url: Where the issue is shown.
        facts: What else is known of it (category, first seen, events …), shown at the top.
        length_max: A longer text is cut at a line, and says so.
    """
    lines = [f"# {_inline(title or _title(detail))}", ""]
    if url:
        lines += [f"<{url}>", ""]
    lines += _facts(detail, facts)
    if detail.message and not (detail.exceptions and detail.exceptions[0].value == detail.message):
        lines += ["## Message", "", *_code(detail.message), ""]
    lines += _stacks(detail)
    if detail.request is not None:
        lines += _request(detail.request)
    for name, pairs in (("User", detail.user), ("Tags", detail.tags), ("Extra", detail.extra)):
        lines += _table(name, pairs)
    for context, pairs in detail.contexts:
        lines += _table(f"Context: {_inline(context)}", pairs)
    lines += _breadcrumbs(detail.breadcrumbs)
    if detail.filtered:
        lines += ["## Filtered", "", *(f"- {_ticked(path)}" for path in detail.filtered[:_PAIRS_MAX]), ""]
    return _bounded(lines, length_max)


def _stacks(detail: EventDetail) -> list[str]:
    lines: list[str] = []
    for exception in detail.exceptions[:_EXCEPTIONS_MAX]:
        lines += _exception(exception, detail.platform)
    if detail.stack:
        lines += ["## Stack (most recent call first)", "", *_frames(detail.stack, detail.platform)]
    for thread in detail.threads:
        if thread.frames and (thread.crashed or (thread.current and not detail.exceptions)):
            lines += [f"## Thread {_inline(thread.name or thread.id)}", "", *_frames(thread.frames, detail.platform)]
    return lines


def _bounded(lines: list[str], length_max: int) -> str:
    text = "\n".join(lines).rstrip() + "\n"
    if len(text) <= length_max:
        return text
    cut = text[: max(length_max - 40, 0)].rpartition("\n")[0]
    fence = "\n```" if cut.count("\n```") % 2 else ""
    return f"{cut}{fence}\n\n… (cut)\n"[:length_max]


def _title(detail: EventDetail) -> str:
    if detail.exceptions:
        first = detail.exceptions[0]
        return f"{first.type}: {first.value}" if first.value else first.type or "Error"
    return detail.message or "Event"


def _inline(text: str, length_max: int = _CELL_MAX) -> str:
    """Return one line of text in which no character is markup."""
    plain = " ".join(text.split())
    plain = plain if len(plain) <= length_max else plain[:length_max] + "…"
    for char in "\\`*_[]<>|#":
        plain = plain.replace(char, "\\" + char)
    return plain


def _ticked(text: str, length_max: int = _CELL_MAX) -> str:
    """Return one line of text as code, whatever backticks are in it."""
    plain = " ".join(text.split())
    plain = plain if len(plain) <= length_max else plain[:length_max] + "…"
    if not plain:
        return ""
    fence = "`"
    while fence in plain:
        fence += "`"
    return f"{fence} {plain} {fence}" if "`" in plain else f"`{plain}`"


def _code(text: str, language: str = "") -> list[str]:
    body = text if len(text) <= _CODE_MAX else text[:_CODE_MAX] + "…"
    fence = "```"
    while fence in body:
        fence += "`"
    return [f"{fence}{language}", *body.splitlines(), fence]


def _facts(detail: EventDetail, facts: Sequence[tuple[str, str]]) -> list[str]:
    known = [
        *facts,
        ("Event", detail.event_id),
        ("Time", _utc(detail.timestamp)),
        ("Level", detail.level),
        ("Platform", detail.platform),
        ("Release", detail.release),
        ("Environment", detail.environment),
        ("Transaction", detail.transaction),
        ("Server", detail.server_name),
        ("Logger", detail.logger),
        ("SDK", detail.sdk),
    ]
    return [*(f"- **{_inline(name)}:** {_ticked(value)}" for name, value in known if value), ""]


def _exception(exception: ExceptionDetail, platform: str) -> list[str]:
    lead = f"{exception.relation.capitalize()}: " if exception.relation else ""
    name = f"{exception.module}.{exception.type}" if exception.module else exception.type
    how = {True: "handled", False: "unhandled", None: ""}[exception.handled]
    about = ", ".join(part for part in (how, exception.mechanism) if part)
    lines = [f"## {lead}{_inline(name or 'Error')}", ""]
    if exception.value:
        lines += [*_code(exception.value), ""]
    if about:
        lines += [f"_{_inline(about)}_", ""]
    if exception.frames:
        lines += ["Most recent call first:", "", *_frames(exception.frames, platform)]
    return lines


def _frames(frames: Sequence[FrameDetail], platform: str) -> list[str]:
    """Show own code in full, and other code in a line; of a long stack the part next to the crash."""
    lines: list[str] = []
    for frame in frames[:_FRAMES_MAX]:
        place = (
            f"{frame.filename or frame.module or frame.package or '?'}:{frame.lineno}"
            if frame.lineno
            else frame.filename
        )
        mark = "" if frame.in_app else " (not own code)"
        lines.append(
            f"- {_ticked(frame.function or '?')} at {_ticked(place or frame.module or frame.package or '?')}{mark}"
        )
        if frame.in_app and frame.lines:
            numbered = [f"{'>' if line.current else ' '} {line.number:>5} {line.text}" for line in frame.lines]
            lines += ["", *(f"  {line}" for line in _code("\n".join(numbered), platform)), ""]
        if frame.in_app and frame.variables:
            lines += [f"  - {_ticked(name, 80)} = {_ticked(value)}" for name, value in frame.variables[:_VARIABLES_MAX]]
    if len(frames) > _FRAMES_MAX:
        lines.append(f"- … {len(frames) - _FRAMES_MAX} more")
    return [*lines, ""]


def _request(request: RequestDetail) -> list[str]:
    lines = ["## Request", "", _ticked(f"{request.method} {request.url}".strip(), 2000), ""]
    for name, pairs in (("Query", request.query), ("Headers", request.headers), ("Cookies", request.cookies)):
        lines += _table(name, pairs, level="###")
    if request.data:
        lines += ["### Body", "", *_code(request.data), ""]
    return lines + _table("Environment", request.env, level="###")


def _table(name: str, pairs: Iterable[tuple[str, str]], *, level: str = "##") -> list[str]:
    listed = list(pairs)
    if not listed:
        return []
    rows = [f"- {_ticked(key, 80) or '-'}: {_ticked(value) or '-'}" for key, value in listed[:_PAIRS_MAX]]
    if len(listed) > _PAIRS_MAX:
        rows.append(f"- … {len(listed) - _PAIRS_MAX} more")
    return [f"{level} {name}", "", *rows, ""]


def _utc(timestamp: str) -> str:
    """Return a sender's time as ISO 8601 in UTC, and what cannot be read as it was sent."""
    moment = read_moment(timestamp)
    return timestamp if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _breadcrumbs(crumbs: Sequence[Breadcrumb]) -> list[str]:
    if not crumbs:
        return []
    rows = []
    for crumb in crumbs[-_CRUMBS_MAX:]:
        data = ", ".join(f"{name}={value}" for name, value in crumb.data[:5])
        what = " ".join(part for part in (crumb.message, data) if part)
        about = (_ticked(_utc(crumb.timestamp)), _inline(crumb.category or crumb.type), _inline(crumb.level))
        rows.append(f"- {' '.join(filter(None, about))}: {_ticked(what)}")
    return ["## Breadcrumbs (latest last)", "", *rows, ""]
