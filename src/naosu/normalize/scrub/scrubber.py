"""Removes secrets and personal data from a report's JSON text, so that nothing unscrubbed survives in any field."""

import json
import re
from typing import NamedTuple

import msgspec

from naosu.domain.event import ScrubNote
from naosu.domain.project import ScrubSettings
from naosu.normalize.scrub.addresses import Pseudonyms, hide_ips
from naosu.normalize.scrub.attachments import delimiter_of, hide_columns, is_json, text_of
from naosu.normalize.scrub.cards import is_card
from naosu.normalize.scrub.edit import NOTES_MAX, Edit
from naosu.normalize.scrub.frames import Frame, KnownFrames
from naosu.normalize.scrub.json_text import QUOTE, after_colon, key_of, string_end, string_start, value_end
from naosu.normalize.scrub.memo import STAYS, Cleaned, StringMemo
from naosu.normalize.scrub.names import NameRules
from naosu.normalize.scrub.text import TextRules
from naosu.normalize.scrub.triggers import DIGITS, IP, META, NAME, PERCENT, SECTION, SHAPE, Match, Triggers
from naosu.normalize.scrub.values import (
    CARD_DIGITS_MAX,
    digits_around,
    is_amount,
    is_harmless_string,
    is_harmless_value,
    looks_like_number,
    members_value,
    pair_value,
)

_HIDING_ESCAPE = re.compile(rb"\\(?:u00[2-7]|/)", re.IGNORECASE)
_NAME_SHAPE = re.compile(r"[\w.$@:/ \[\]-]+")
_REPR = re.compile(r"[bu]?(['\"])(.*)\1", re.DOTALL)  # a name as Python writes it
_RULES_MAX = 4096
_DEFAULTS = ScrubSettings()
_DOUBTFUL = frozenset((DIGITS, PERCENT))
_PLAIN_MEMBER = re.compile(rb'(?<!\\)"([\w.$-]++)": ?("(?:[^"\\]++|\\.)*+")', re.DOTALL)
_BARE_NAME = re.compile(rb"[\w.$\x80-\xff-]+")
_REMEMBERED_MAX = 100
# No report is that dense with names of secrets: what has more is filtered roughly, in one pass.
_HITS_MIN, _STRING_HITS_MIN, _BYTES_PER_HIT = 1000, 300, 100
# Beside what to look for, whether a string is source code, or a release: those are rewritten with more care.
_CODE, _RELEASE, _ANYWHERE = 1 << 16, 1 << 17, 1 << 18
_BLANKS = (b" ", b"\t", b"\r", b"\n")
_RELEASE_KEYS = frozenset((b"release", b"dist"))
_CODE_KEYS = frozenset((b"context_line", b"pre_context", b"post_context"))
_VERSION_KEYS = frozenset(
    (
        b"release",
        b"version",
        b"dist",
        b"build",
        b"kernel_version",
        b"raw_description",
        b"app_version",
        b"app_build",
        b"os_version",
        b"sdk_version",
        b"service.version",
        b"runtime_version",
    )
)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"|-?\d[\d.eE+-]*', re.DOTALL)
_ENCODE = msgspec.json.Encoder().encode


class Scrubbed(NamedTuple):
    """What is left of a payload, and what was removed: the same object and no notes when nothing was."""

    payload: bytes
    notes: tuple[ScrubNote, ...]


class Scrubber:
    """Scrubs payloads by one project's settings. Reusable, and safe to use from several threads at once."""

    def __init__(self, settings: ScrubSettings = _DEFAULTS, *, pseudonym_key: bytes) -> None:
        """Make a scrubber.

        Args:
            settings: What to remove beyond what always goes.
            pseudonym_key: The installation's secret, up to 64 bytes: without it nobody can test a guessed address.

        Raises:
            InvalidInputError: A pattern of the settings cannot be used. Not retryable.
        """
        self.settings = settings
        self._names = NameRules(settings.fields, settings.keep)
        self._rules: dict[bytes, str | None] = {}
        self._pseudonyms = Pseudonyms(pseudonym_key)
        self._memo = StringMemo()
        self._text = TextRules(settings, self._names, self._pseudonyms)
        self._triggers = Triggers(emails=settings.emails, ip_addresses=settings.ip_addresses, fields=self._names.fields)
        self._frames = KnownFrames(self._frame, self._names.fields)

    def scrub(self, payload: bytes) -> Scrubbed:
        """Return the payload without secrets. Valid JSON stays valid; scrubbing twice changes nothing more."""
        text, aside, known_notes = self._frames.set_aside(payload)
        edit = Edit(text, aside=aside)
        if not self._follow(edit):
            edit, known_notes = Edit(canonical(payload)), ()
            self._follow(edit, is_canonical=True)
        result = edit.result()
        if self._text.patterns:
            result = self._apply_patterns(result, edit)
        notes = tuple(dict.fromkeys((*known_notes, *edit.notes()))) if known_notes else edit.notes()
        return Scrubbed(result, notes[:NOTES_MAX]) if notes else Scrubbed(payload, ())

    def _frame(self, source: bytes) -> Frame:
        """Scrub a frame for itself."""
        edit = Edit(source, section="exception")
        if not self._follow(edit):
            edit = Edit(canonical(source), section="exception")
            self._follow(edit, is_canonical=True)
        return Frame(edit.result(), edit.notes())

    def scrub_ip(self, address: str) -> str:
        """Return a sender's address as the settings want it stored: its pseudonym, or as it is."""
        return hide_ips(address, self._pseudonyms) if self.settings.ip_addresses else address

    def scrub_text(self, text: str) -> str:
        """Return a text that is not JSON (a statement, a log line) without secrets."""
        encoded = _ENCODE(text)
        clean = self.scrub(encoded).payload
        return text if clean is encoded else str(msgspec.json.decode(clean))

    def scrub_attachment(self, body: bytes, content_type: str, filename: str) -> Scrubbed:
        """Return an attachment without secrets when it can be read as text; the same object when it cannot.

        A text longer than `TEXT_BYTES_MAX` stays as it is, like a binary.
        """
        text = text_of(body)
        if not text:
            return Scrubbed(body, ())
        if is_json(body):
            left, notes = self.scrub(body)
            rules = [note.rule for note in notes]
        else:
            clean, rules = self._lines(text, delimiter_of(content_type, filename))
            left = clean.encode()
        if not rules:
            return Scrubbed(body, ())
        field = f"attachments.{self.scrub_text(filename)[:_REMEMBERED_MAX]}"
        return Scrubbed(left, tuple(ScrubNote(field, rule) for rule in dict.fromkeys(rules)))

    def _lines(self, text: str, delimiter: str) -> tuple[str, list[str]]:
        """Scrub a text of many lines, or a table whose fields the delimiter parts."""
        text, rules = hide_columns(text, delimiter, self._names.rule) if delimiter else (text, [])
        text, struck = self._text.clean(text, SHAPE, code=False, release=False)  # key blocks span lines
        # Each line in a list of its own: beside each other, one line could name the next one's value.
        payload, notes = self.scrub(_ENCODE([[line] for line in text.split("\n")]))
        clean = "\n".join([line for [line] in msgspec.json.decode(payload, type=list[list[str]])])
        return clean, [*rules, *struck, *(note.rule for note in notes)]

    def _follow(self, edit: Edit, *, is_canonical: bool = False) -> bool:
        """Look at each place that a trigger found; the triggers within one string are looked at together.

        Returns:
            False: an escape may hide something, so that the canonical text must be looked at instead.
        """
        payload = edit.payload
        kinds, members = self._triggers.kinds, self._triggers.members
        matches = self._triggers.find(payload)
        if not is_canonical and self._may_hide(payload, matches):
            return False
        at, count = 0, len(matches)
        stop_at = count if count <= _HITS_MIN else self._last_single(matches, len(payload))
        while at < stop_at:
            pattern, start, stop = matches[at]
            at += 1
            kind = kinds[pattern]
            if kind <= SECTION:
                edit.enter(kind, members[pattern], start, stop)
                continue
            if start < edit.done:
                continue
            if kind == NAME and self._member(edit, start, matches[at][1] if at < count else len(payload)):
                continue
            if kind == META:
                edit.meta_key_end = stop
                continue
            if kind in _DOUBTFUL and not _is_worth_it(edit, kind, start):
                continue
            end = string_end(payload, start + 1)
            bits, first = kind, at
            while at < count and matches[at][1] < end:
                bits |= max(kinds[matches[at][0]], 0)
                at += 1
            if bits and (at - first <= _STRING_HITS_MIN or _is_sparse(edit, start, end, at - first)):
                self._string(edit, start, end, bits)
        return stop_at == count or edit.filter_strings(edit.done, len(payload))

    def _last_single(self, matches: list[Match], size: int) -> int:
        """Return up to which match each is looked at for itself, so that no payload costs more than its size allows."""
        kinds = self._triggers.kinds
        left = _HITS_MIN + size // _BYTES_PER_HIT
        for number, (pattern, _, _) in enumerate(matches):
            left -= kinds[pattern] > 0
            if left < 0:
                return number
        return len(matches)

    def _may_hide(self, payload: bytes, matches: list[Match]) -> bool:
        """Say whether an escape writes what is usually written plainly: a letter, a sign, a slash."""
        escapes = self._triggers.escapes
        starts = [start for pattern, start, _ in matches if pattern in escapes]
        return any(_HIDING_ESCAPE.match(payload, start) for start in starts)

    def _member(self, edit: Edit, hit: int, next_hit: int) -> bool:
        """Do the usual at once: a plain key without more triggers, and behind it a string. Say whether it was that."""
        payload = edit.payload
        member = _PLAIN_MEMBER.match(payload, payload.rfind(b'"', 0, hit))
        if member is None or next_hit < member.end(1):
            return False
        raw = member[1]
        start = member.start(2)
        edit.done = start
        rule = self._rule(raw)
        if rule is None or edit.in_modules(start):
            return True
        value = member[2]
        if is_harmless_string(value):
            return True
        if rule != "token" or not is_amount(raw, value):
            edit.replace(start, member.end(2), rule, raw)
        return True

    def _string(self, edit: Edit, hit: int, end: int, bits: int) -> None:
        """Scrub the string around `hit`; when it is a key that names a secret, scrub the value that follows."""
        payload = edit.payload
        opening = hit if payload[hit] == QUOTE else string_start(payload, hit)
        raw = payload[opening + 1 : end]
        after = payload[end + 1 : end + 2]
        if after == b":":
            value_start = end + 2
            if payload[value_start : value_start + 1] in _BLANKS:
                value_start = after_colon(payload, end + 1)
            return self._key(edit, opening, raw, value_start, bits)
        if after in _BLANKS and (value_start := after_colon(payload, end + 1)) > 0:
            return self._key(edit, opening, raw, value_start, bits)
        edit.done = end + 1
        if not bits & NAME:
            if self._memo.is_unchanged(raw, bits):
                return None
        elif self._named_value(edit, opening, raw, bits) or self._memo.is_unchanged(raw, bits | _ANYWHERE):
            return None
        key = key_of(payload, opening)
        if bits & IP and (key in _VERSION_KEYS or edit.in_modules(opening)):
            bits &= ~IP
        self._rewrite(edit, opening, raw, bits, key)
        return None

    def _named_value(self, edit: Edit, opening: int, raw: bytes, bits: int) -> bool:
        """Say whether the string names a value that stands beside it, as in ``["Cookie","…"]``; filter that."""
        payload = edit.payload
        end = opening + len(raw) + 1
        span = pair_value(payload, opening, end) or members_value(payload, opening, end)
        rule = self._rule(raw) if span else None
        if span is None or rule is None or is_harmless_value(payload, *span):
            return False
        if bits != NAME or not _BARE_NAME.fullmatch(raw):
            self._rewrite(edit, opening, raw, bits, b"")
        edit.replace(*span, rule, raw)
        return True

    def _key(self, edit: Edit, opening: int, raw: bytes, value_start: int, bits: int) -> None:
        rule = self._rule(raw) if bits & NAME else None
        edit.done = opening + len(raw) + 2
        if bits & ~(NAME | IP) or not _BARE_NAME.fullmatch(raw):
            left = self._rewrite(edit, opening, raw, bits, b"")
            rule = rule or (self._rule(left) if left != raw else None)
        if rule is None or edit.is_meta(value_start):
            return
        stop = value_end(edit.payload, value_start)
        if is_harmless_value(edit.payload, value_start, stop) or edit.in_modules(opening):
            return
        if rule == "token" and is_amount(raw, edit.payload[value_start:stop]):
            return
        edit.replace(value_start, stop, rule, raw)

    def _rule(self, raw: bytes) -> str | None:
        rule = self._rules.get(raw, "")
        if rule != "":
            return rule
        name = _decoded(raw)
        if name.endswith(("'", '"')) and (quoted := _REPR.fullmatch(name)):
            name = quoted[2]
        rule = self._names.rule(name) if _NAME_SHAPE.fullmatch(name) else None
        if len(raw) <= _REMEMBERED_MAX and _BARE_NAME.fullmatch(raw):
            if len(self._rules) >= _RULES_MAX:
                self._rules.clear()
            self._rules[raw] = rule
        return rule

    def _rewrite(self, edit: Edit, opening: int, raw: bytes, bits: int, key: bytes) -> bytes:
        """Scrub what a string says, and return what is left within its quotes."""
        role = bits
        if key in _RELEASE_KEYS:
            role |= _RELEASE
        elif bits & NAME and key in _CODE_KEYS:
            role |= _CODE
        cleaned = self._memo.get(raw, role)
        if cleaned is None:
            cleaned = self._clean(raw, role)
            self._memo.put(raw, role, cleaned)
        if not cleaned.rules:
            return raw
        edit.rewrite(opening, opening + len(raw) + 2, cleaned.written, cleaned.rules, key)
        return cleaned.written[1:-1]

    def _clean(self, raw: bytes, role: int) -> Cleaned:
        text = _decoded(raw)
        clean, rules = self._text.clean(text, role, code=bool(role & _CODE), release=bool(role & _RELEASE))
        if rules:
            return Cleaned(_ENCODE(clean), tuple(dict.fromkeys(rules)))
        bits = role & ~_CODE
        if role & _CODE and not self._text.clean(text, bits, code=False, release=False)[1]:
            self._memo.put(raw, bits | _ANYWHERE, STAYS)
        return STAYS

    def _apply_patterns(self, payload: bytes, edit: Edit) -> bytes:
        """Let the project's own patterns see every string and number."""

        def replace(match: re.Match[bytes]) -> bytes:
            raw = match[0]
            rules: list[str] = []
            text = _decoded(raw[1:-1]) if raw[:1] == b'"' else raw.decode("ascii")
            clean = self._text.clean_patterns(text, rules)
            if not rules:
                return raw
            for rule in rules:
                edit.note(rule)
            return _ENCODE(clean)

        return _STRING.sub(replace, payload)


def _is_sparse(edit: Edit, start: int, end: int, hits: int) -> bool:
    """Say whether the string with so many hits can be searched; one that is full of them is filtered whole."""
    if hits <= (end - start) // _BYTES_PER_HIT:
        return True
    payload = edit.payload
    colon = after_colon(payload, end + 1)
    edit.filter_strings(string_start(payload, start + 1), end + 1 if colon < 0 else value_end(payload, colon))
    return False


def _is_worth_it(edit: Edit, kind: int, start: int) -> bool:
    """Say whether what stands in for many other things may be what is looked for."""
    return _may_be_card(edit, start) if kind == DIGITS else edit.payload.startswith(b"%40", start)


def _may_be_card(edit: Edit, start: int) -> bool:
    """Say whether the digits there may be a card's within a string; a number is dealt with at once."""
    begin, end = digits_around(edit.payload, start)
    if end - begin > CARD_DIGITS_MAX or not is_card(edit.payload[begin:end].decode("ascii", "replace")):
        return False
    if not (looks_like_number(edit.payload, begin, end) and edit.is_outside_strings(begin)):
        return True
    edit.replace(begin, end, "credit_card", b"")
    return False


def _decoded(raw: bytes) -> str:
    if b"\\" not in raw:
        return raw.decode("utf-8", "replace")
    try:
        return str(msgspec.json.decode(b'"' + raw + b'"'))
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        return str(json.loads(b'"' + raw + b'"', strict=False)).encode("utf-8", "replace").decode()
    except ValueError:
        return raw.decode("utf-8", "replace")


def canonical(payload: bytes) -> bytes:
    """Write JSON anew without needless escapes, so that no name can hide in one; broken JSON stays as it is."""
    try:
        return _ENCODE(msgspec.json.decode(payload))
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, RecursionError, ValueError):
        pass
    try:
        loaded = json.loads(payload.decode("utf-8", "replace"), parse_constant=lambda _: None, strict=False)
        return json.dumps(loaded, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return payload
