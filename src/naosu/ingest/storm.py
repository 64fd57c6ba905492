"""Storms: many times more events than can be kept. Each kind of event is kept a few times, and then counted exactly.

A new kind of event always gets through, as long as the number of new kinds is believable.
"""

import re
from collections import OrderedDict
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import msgspec

_FRAMES = 3
_WORDS_MAX = 8
_LINE_CHARS_MAX = 300
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_EDGES = ".,:;!?()"
_UNREADABLE = "unreadable"


class _Frame(msgspec.Struct):
    module: Any = None
    function: Any = None
    filename: Any = None
    in_app: Any = None


class _Stack(msgspec.Struct):
    frames: list[_Frame | None] | None = None


class _Exception(msgspec.Struct):
    type: Any = None
    value: Any = None
    stacktrace: _Stack | None = None


class _Exceptions(msgspec.Struct):
    values: list[_Exception | None] | None = None


class _LogEntry(msgspec.Struct):
    message: Any = None
    formatted: Any = None


class _Event(msgspec.Struct):
    exception: _Exceptions | list[_Exception | None] | None = None
    logentry: _LogEntry | None = None
    message: _LogEntry | str | None = None
    stacktrace: _Stack | None = None
    logger: Any = None
    fingerprint: Any = None


_EVENT = msgspec.json.Decoder(_Event)


def signature(payload: bytes) -> str:
    """Return what an event is about, in two parts: ``<site>.<message>``, each some hex digits.

    The site is the exception types and the last in-app calls; the message is the plain words of its first line, without
    anything that holds digits, quotes or signs. It is finer than an issue, and much cheaper than a fingerprint. The
    door pays for it, in a storm only, and it travels with the report. Never raises.
    """
    try:
        event = _EVENT.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return _UNREADABLE
    exceptions = event.exception.values if isinstance(event.exception, _Exceptions) else event.exception
    chain = [exception for exception in exceptions or () if exception is not None]
    site = [str(exception.type) for exception in chain]
    for stack in (*(exception.stacktrace for exception in chain), event.stacktrace):
        site += _calls(stack)
    words = _plain_words(chain[-1].value if chain else _message_of(event))
    words += _plain_words(" ".join(map(str, event.fingerprint)) if isinstance(event.fingerprint, list) else "")
    return f"{_digest(str(event.logger), *site)}.{_digest(*words)}"


def _message_of(event: _Event) -> Any:
    for entry in (event.logentry, event.message):
        if isinstance(entry, _LogEntry) and (text := entry.message or entry.formatted):
            return text
        if isinstance(entry, str) and entry:
            return entry
    return ""


def _calls(stack: _Stack | None) -> list[str]:
    frames = [frame for frame in (stack.frames if stack else None) or () if frame is not None]
    chosen = [frame for frame in frames if frame.in_app is True][-_FRAMES:] or frames[-_FRAMES:]
    return [f"{frame.module or frame.filename}.{frame.function}" for frame in chosen]


def _plain_words(text: Any) -> list[str]:
    if not isinstance(text, str):
        return []
    line = _QUOTED.sub(" ", text.partition("\n")[0][:_LINE_CHARS_MAX])
    words = (word.strip(_EDGES) for word in line.split())
    return [word.lower() for word in words if word.isalpha()][:_WORDS_MAX]


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


class StormSettings(msgspec.Struct, frozen=True, kw_only=True):
    """When a storm begins, and what is kept of it.

    Attributes:
        backlog_bytes_begin: With more than this waiting in the inbox, events are sampled.
        backlog_bytes_end: With less than this, they are no more.
        kept_per_window: Events of one signature kept in full, per window.
        window_s: Length of that window.
        signatures_max: Signatures remembered, over all projects.
        novel_per_minute: New signatures believed, per project.
        variants_max: Messages at one site kept apart; further ones are counted with the first.
    """

    backlog_bytes_begin: int = 1024 * 1024 * 1024
    backlog_bytes_end: int = 512 * 1024 * 1024
    kept_per_window: int = 5
    window_s: int = 60
    signatures_max: int = 20_000
    novel_per_minute: int = 600
    variants_max: int = 50


class StormDecision(StrEnum):
    """What to do with one event of a storm."""

    KEEP = "keep"
    COUNT = "count"
    REFUSE = "refuse"


class StormVerdict(msgspec.Struct, frozen=True):
    """A decision, and the signature to count the event under."""

    decision: StormDecision
    signature: str


class _Seen(msgspec.Struct):
    window: int
    kept_count: int = 0


class StormPolicy:
    """Remembers what was kept lately, within bounds. Time is an argument. Not safe for threads."""

    def __init__(self, settings: StormSettings | None = None) -> None:
        self._settings = settings or StormSettings()
        self._seen: OrderedDict[tuple[int, str], _Seen] = OrderedDict()
        self._sites: OrderedDict[tuple[int, str], list[str]] = OrderedDict()
        self._novel: dict[int, tuple[int, int]] = {}
        self._is_storm = False

    def is_storm(self, backlog_bytes: int) -> bool:
        """Say whether the inbox is so full that events are sampled. It ends later than it began: no flapping."""
        bound = self._settings.backlog_bytes_end if self._is_storm else self._settings.backlog_bytes_begin
        self._is_storm = backlog_bytes > bound
        return self._is_storm

    def decide(self, project_id: int, signature: str, *, now_s: float) -> StormVerdict:
        """Keep a few of each signature and window, count the others, refuse incredibly many new signatures."""
        window = int(now_s // self._settings.window_s)
        key = (project_id, signature)
        seen = self._seen.get(key)
        if seen is None:
            site = self._site(project_id, signature)
            if len(site) >= self._settings.variants_max:
                key = (project_id, site[0])
                seen = self._seen.get(key)
        if seen is None:
            if not self._is_believable(project_id, now_s):
                return StormVerdict(StormDecision.REFUSE, signature)
            seen = self._remember(key, window)
        self._seen.move_to_end(key)
        if seen.window != window:
            seen.window, seen.kept_count = window, 0
        if seen.kept_count < self._settings.kept_per_window:
            seen.kept_count += 1
            return StormVerdict(StormDecision.KEEP, key[1])
        return StormVerdict(StormDecision.COUNT, key[1])

    def note(self, project_id: int, signature: str, *, now_s: float) -> None:
        """Remember an event that was kept outside of any storm, so that the storm after it knows the signature."""
        window = int(now_s // self._settings.window_s)
        key = (project_id, signature)
        seen = self._seen.get(key) or self._remember(key, window)
        if seen.window != window:
            seen.window, seen.kept_count = window, 0
        seen.kept_count += 1

    def forget(self, project_id: int, signature: str) -> None:
        """Treat the signature as new again: what should have been kept could not be stored."""
        self._seen.pop((project_id, signature), None)

    def _site(self, project_id: int, signature: str) -> list[str]:
        return self._sites.get((project_id, signature.partition(".")[0]), [])

    def _remember(self, key: tuple[int, str], window: int) -> _Seen:
        seen = self._seen[key] = _Seen(window)
        site_key = (key[0], key[1].partition(".")[0])
        variants = self._sites.setdefault(site_key, [])
        if key[1] not in variants:
            variants.append(key[1])
        self._sites.move_to_end(site_key)
        while len(self._seen) > self._settings.signatures_max:
            self._seen.popitem(last=False)
        while len(self._sites) > self._settings.signatures_max:
            self._sites.popitem(last=False)
        return seen

    def _is_believable(self, project_id: int, now_s: float) -> bool:
        minute = int(now_s // 60)
        began, count = self._novel.get(project_id, (minute, 0))
        count = count if began == minute else 0
        if count >= self._settings.novel_per_minute:
            return False
        self._novel[project_id] = (minute, count + 1)
        return True
