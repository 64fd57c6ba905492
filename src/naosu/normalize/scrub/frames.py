"""Frames come again with each event of a fault: what became of one is remembered, and it is not searched again."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec
from ahocorasick_rs import BytesAhoCorasick

from naosu.domain.event import ScrubNote
from naosu.normalize.scrub.memo import Recent

_BYTES_MAX = 4096
_FRAMES_MAX = 1024  # in each of two generations: at most 8 MB, and one or two as a rule
_BEGIN = BytesAhoCorasick([b'{"filename":"'])  # as the Python SDK writes them; others are searched each time
_THREADS = BytesAhoCorasick([b'"threads":'])
_IS_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Frame(NamedTuple):
    """What became of a frame.

    Attributes:
        text: What is left of it. Empty: it stays as it is.
        notes: What was removed, located as among the frames of an exception.
    """

    text: bytes
    notes: tuple[ScrubNote, ...]


_SEEN_ONCE, _NO_FRAME, _STAYS = (Frame(b"", ()) for _ in range(3))


class Reduced(NamedTuple):
    """A payload without the frames that are known: as valid as before.

    Attributes:
        text: What is left to be searched.
        aside: What comes back: where in the text, and what.
        notes: What was removed from that.
    """

    text: bytes
    aside: tuple[tuple[int, bytes], ...] = ()
    notes: tuple[ScrubNote, ...] = ()


class KnownFrames:
    """Sets the frames aside that were seen before. Safe to use from several threads.

    They are known by a hash under the process's own random key, so that nothing removed stays in memory. A frame is
    scrubbed for itself when it comes for the second time; most of what is never seen again costs only the hash.
    """

    def __init__(self, scrub: Callable[[bytes], Frame], fields: Iterable[str]) -> None:
        self._scrub = scrub
        self._known: Recent[tuple[int, int], Frame] = Recent(_FRAMES_MAX)
        # A project's own field could be a text that goes beyond a frame.
        self._is_possible = all(field.replace("_", "").replace("-", "").isalnum() for field in fields)

    def set_aside(self, payload: bytes) -> Reduced:
        """Return what is left to be searched, and what was known."""
        begins = _BEGIN.find_matches_as_indexes(payload) if self._is_possible else ()
        if len(begins) <= 1:
            return Reduced(payload)
        pieces: list[bytes] = []
        aside: list[tuple[int, bytes]] = []
        notes: dict[ScrubNote, None] = {}
        copied = kept = 0
        start = begins[0][1]
        for _, end, _ in begins[1:]:
            source = payload[start:end]
            known = self._frame(source)
            if known is not _SEEN_ONCE and known is not _NO_FRAME:
                pieces.append(payload[copied:start])
                kept += start - copied
                copied = end
                aside.append((kept, known.text or source))
                if known.notes:
                    notes.update(dict.fromkeys(known.notes))
            start = end
        if not aside:
            return Reduced(payload)
        pieces.append(payload[copied:])
        return Reduced(b"".join(pieces), tuple(aside), _located(notes, payload) if notes else ())

    def _frame(self, source: bytes) -> Frame:
        size = len(source)
        if size > _BYTES_MAX:
            return _NO_FRAME
        key = (hash(source), size)
        known = self._known.get(key)
        if known is None:
            known = _SEEN_ONCE
            self._known.put(key, known)
        elif known is _SEEN_ONCE:
            known = self._examined(source)
            self._known.put(key, known)
        return known

    def _examined(self, source: bytes) -> Frame:
        """Scrub a frame for itself, if it is one: an object, and a comma."""
        if not source.endswith(b"},"):
            return _NO_FRAME
        try:
            _IS_OBJECT(source[:-1])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _NO_FRAME
        frame = self._scrub(source[:-1])
        return Frame(frame.text + b",", frame.notes) if frame.notes else _STAYS


def _located(notes: Iterable[ScrubNote], payload: bytes) -> tuple[ScrubNote, ...]:
    if b'"exception":' in payload[:4096] or not _THREADS.find_matches_as_indexes(payload):
        return tuple(notes)
    return tuple(ScrubNote(note.field.replace("exception", "threads", 1), note.rule) for note in notes)
