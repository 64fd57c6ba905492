"""The changes to one payload while it is scrubbed."""

import re
import sys

from naosu.domain.event import ScrubNote
from naosu.normalize.scrub.json_text import COLON, STRING, value_end
from naosu.normalize.scrub.triggers import CONTAINER

_FILTERED = b'"[Filtered]"'
NOTES_MAX = 100
_NOTED_MAX = 2 * NOTES_MAX  # so that neither many findings nor long names cost more than they are worth
_NAME_MAX = 80
# A key is what a colon follows; numbers are no keys.
_SCALARS = re.compile(rb'("(?:[^"\\]++|\\.)*+"(?=\s*+:))|"(?:[^"\\]++|\\.)*+"?|-?\d[\d.eE+-]*+', re.DOTALL)
_PLAIN_KEY = re.compile(rb'"[A-Za-z_.-]{1,32}"')
_FRAME_SECTIONS = frozenset(("exception", "threads"))


class Edit:
    """Collects replacements from left to right, and what was replaced where.

    Attributes:
        done: Where the untouched rest begins.
        modules_start: Where the list of installed packages begins; -1: there is none so far.
        meta_key_end: Where the last key ``_meta`` ends; -1: there is none so far.
    """

    def __init__(self, payload: bytes, *, section: str = "", aside: tuple[tuple[int, bytes], ...] = ()) -> None:
        """Begin with nothing changed.

        Args:
            payload: What is looked at.
            section: Where it stands in an event; empty: it is the event.
            aside: What comes back between, unseen: where in the payload, and what; in order.
        """
        self.payload = payload
        self._aside = aside
        self.done = 0
        self.modules_start = self.meta_key_end = -1
        self._changes: list[tuple[int, int, bytes]] = []
        self._noted: dict[tuple[str, str, bytes, str], tuple[int, int]] = {}
        self._modules_end = -1
        self._string = (0, 0)  # the next string, from where one was last looked for
        self._section = self._frames = section
        self._container = ""
        self._place = 0
        self._meta = (-1, -1)  # for which key the end of its value is known, and that end

    def replace(self, start: int, end: int, rule: str, name: bytes) -> None:
        """Filter a whole JSON value; one that lies behind undoes what was changed within it."""
        changes = self._changes
        while changes and changes[-1][0] >= start:
            changes.pop()
        changes.append((start, end, _FILTERED))
        self.done = max(self.done, end)
        self._remember(name, rule, start)

    def filter_strings(self, start: int, end: int) -> bool:
        """Filter each string and number there but plain keys, unseen. Always true."""
        payload = self.payload
        for match in _SCALARS.finditer(payload, start, end):
            if match[1] is None or not _PLAIN_KEY.fullmatch(match[1]):
                self._changes.append((*match.span(), _FILTERED))
        self.done = max(self.done, end)
        self.note("too_many")
        return True

    def rewrite(self, start: int, end: int, text: bytes, rules: tuple[str, ...], key: bytes) -> None:
        """Put a cleaned string in place of another."""
        if self.payload[start:end] != text:
            self._changes.append((start, end, text))
            self.done = end
        for rule in rules:
            self._remember(key, rule, start)

    def _remember(self, name: bytes, rule: str, start: int) -> None:
        if len(self._noted) < _NOTED_MAX:
            self._noted.setdefault((self._section, self._container, name, rule), (self._place, start))

    def note(self, rule: str) -> None:
        """Remember that a rule struck somewhere."""
        self._noted[("", "", b"", rule)] = (0, 0)

    def notes(self) -> tuple[ScrubNote, ...]:
        """Return what was removed: at most a hundred distinct notes."""
        notes: dict[ScrubNote, None] = {}
        for (section, container, key, rule), (place, at) in self._noted.items():
            name = key.decode("utf-8", "replace")[:_NAME_MAX]
            # Among frames a variable may be called `request`: what lies nearest before a finding tells.
            is_local = self._frames and self.payload.rfind(b'"vars":', place, at) >= 0
            parts = dict.fromkeys((self._frames, "vars", name) if is_local else (section, container, name))
            parts.pop("", None)
            notes[ScrubNote(".".join(parts), rule)] = None
            if len(notes) >= NOTES_MAX:
                break
        return tuple(notes)

    def enter(self, kind: int, member: str, start: int, end: int) -> None:
        """Take note of where a section or container begins, by which findings are located."""
        self._place = start
        if kind == CONTAINER:
            self._container = member
            return
        self._section, self._container = member, ""
        if member == "modules":
            self.modules_start = end
            self._modules_end = self.payload.find(b"}", end)
        elif member in _FRAME_SECTIONS:
            self._frames = member

    def result(self) -> bytes:
        """Return the payload with all changes and what was set aside; the same object when there is neither."""
        if not self._changes and not self._aside:
            return self.payload
        payload = self.payload
        pieces: list[bytes] = []
        copied = 0
        for start, end, text in self._all_changes():
            pieces += (payload[copied:start], text)
            copied = end
        pieces.append(payload[copied:])
        return b"".join(pieces)

    def _all_changes(self) -> list[tuple[int, int, bytes]]:
        """Return the changes and what comes back, in order; what lies within a replaced value goes with it."""
        if not self._aside:
            return self._changes
        merged: list[tuple[int, int, bytes]] = []
        changes = iter([*self._changes, (sys.maxsize, sys.maxsize, b"")])
        start, end, text = next(changes)
        for at, frame in self._aside:
            while end <= at:
                merged.append((start, end, text))
                start, end, text = next(changes)
            if at <= start:
                merged.append((at, at, frame))
        merged.append((start, end, text))
        merged += changes
        merged.pop()
        return merged

    def is_meta(self, value_start: int) -> bool:
        """Say whether the value there is a remark of an SDK's ``_meta``: what was removed, under its name."""
        payload, key_end = self.payload, self.meta_key_end
        if key_end < 0 or not payload.startswith(b"{", value_start):
            return False
        opens_here = payload.startswith(b":{", key_end) and payload.startswith(b'{"":', value_start)
        if opens_here and payload.find(b"}", key_end, value_start) < 0:  # nothing was closed since
            return True
        if self._meta[0] != key_end:
            self._meta = (key_end, self._meta_end(key_end))
        return value_start < self._meta[1]

    def _meta_end(self, key_end: int) -> int:
        payload = self.payload
        colon = COLON.match(payload, key_end)
        if colon is None or not payload.startswith(b"{", colon.end()):
            return -1
        end = value_end(payload, colon.end())
        # Nobody else has members without a name.
        return end if payload.find(b'"":', colon.end(), end) > 0 else -1

    def in_modules(self, at: int) -> bool:
        """Say whether `at` lies in a list of installed packages: names and numbers there are no secrets."""
        start = self.modules_start
        return 0 <= start < at and not 0 <= self._modules_end < at

    def is_outside_strings(self, at: int) -> bool:
        """Say whether `at` lies in no string; asked from left to right, each string is passed once."""
        start, end = self._string
        while end <= at:
            string = STRING.search(self.payload, end)
            start, end = string.span() if string else (sys.maxsize, sys.maxsize)
        self._string = (start, end)
        return at < start
