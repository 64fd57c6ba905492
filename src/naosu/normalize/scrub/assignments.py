"""Secrets inside a text: ``password=hunter2``, ``{'token': 'abc'}``, ``Cookie: a=b``, ``PASSWORD 'x'``.

A text may be a log line, a Python, Java, Go, Ruby or PHP rendering of a value, a query string, a header dump, JSON in a
string, or source code. In source code only literals go: ``password = form["password"]`` says nothing secret.
"""

import re

from naosu.normalize.scrub.literals import closes_literal, literal_around, literal_span
from naosu.normalize.scrub.names import NameRules, trigger_words
from naosu.normalize.scrub.shapes import FILTERED
from naosu.normalize.scrub.spans import value_span

_NAME_BODY = re.compile(r"[\w-]*(?:\.[A-Za-z_][\w-]*)*")
_NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$.")
_NAME_BEFORE_MAX = 64
# No text is that full of names: what has more goes whole.
_TRIES_MIN, _CHARS_PER_TRY = 300, 25
_WORDS = [
    "passw",
    "passphrase",
    "passcode",
    "motdepasse",
    "mot_de_passe",
    "pwd",
    "secret",
    "token",
    *sorted((re.escape(word) for word in trigger_words()), key=len, reverse=True),
    "\\bsig\\b",
    "ｐａｓｓ",
    "ＰＡＳＳ",
    "authorization",
    "auth",
    "cookie",
    "session",
    "sess[-_]?id",
    "sid",
    "credential",
    "csrf",
    "xsrf",
    "jwt",
    "bearer",
    "private[-_]?key",
    "access[-_]?key",
    "account[-_]?key",
    "signing[-_]?key",
    "encryption[-_]?key",
    "master[-_]?key",
    "ssh[-_]?key",
    "credit[-_]?card",
    "card[-_]?number",
    "security[-_]?code",
    "cvv",
    "cvc",
    "ssn",
    "\\bpin\\b",
    "otp",
    "\\bpass\\b",
    "[-_]pass\\b",
    "\\bpw\\b",
    "_pw\\b",
    "key_material",
]
_SEPARATOR = re.compile(
    r"""(?P<quote>\\*["'`])?(?P<bracket>\]|\)(?==\())?
    (?:
        (?P<assign>\s*(?:=>|(?<=\s)->(?=\s)|:=|===?|!==?|(?<!:):(?![:/])|：|=)\s*)
      | (?P<encoded>%3[dDaA](?:%20)?)
      | (?P<pair>\s*,\s*)
      | (?P<html>\s+value=)
      | (?P<multipart>\s*\r?\n\r?\n)
      | (?P<tag>>)
      | (?P<call>\()
      | (?P<sql>\s+(?:(?:is|was|to|of|as)\s+)?(?=\\*["']))
      | (?P<flag>\s+)
    )""",
    re.VERBOSE,
)
_QUOTE = re.compile(r"(?P<prefix>[bBrRuUfF]{0,2}|@|\$)(?P<quote>\\*[\"'`])")
_OPAQUE = re.compile(r"(?=[\w+/.~=-]*\d)(?=[\w+/.~=-]*[A-Za-z])[\w+/.~=-]{16,}")


class Assignments:
    """Finds names with a value behind them in a text, and replaces the values."""

    def __init__(self, names: NameRules) -> None:
        self._names = names
        words = [*_WORDS, *(re.escape(field) for field in names.fields)]
        self._word = re.compile("|".join(words), re.IGNORECASE)

    def hide(self, text: str, *, code: bool) -> tuple[str, list[str]]:
        """Return the text without the values, and the rules that struck; the same text when none did."""
        pieces: list[str] = []
        rules: list[str] = []
        done = 0
        match = self._word.search(text)
        left = _TRIES_MIN + len(text) // _CHARS_PER_TRY
        while match is not None:
            left -= 1
            if left < 0:
                return FILTERED, ["too_many"]
            found = self._value_of(text, match.span(), done, code=code)
            if isinstance(found, int):
                match = self._word.search(text, found)
                continue
            start, end, rule = found
            pieces += (text[done:start], FILTERED)
            rules.append(rule)
            done = end
            match = self._word.search(text, end)
        if not rules:
            return text, rules
        pieces.append(text[done:])
        return "".join(pieces), rules

    def _value_of(self, text: str, word: tuple[int, int], done: int, *, code: bool) -> tuple[int, int, str] | int:
        """Return where the value lies and its rule, or where to look on."""
        start = hit = word[0]
        least = max(done, hit - _NAME_BEFORE_MAX)
        while start > least and text[start - 1] in _NAME_CHARS:
            start -= 1
        body = _NAME_BODY.match(text, hit)
        end = body.end() if body else hit
        end = max(end, word[1])
        rule = self._names.rule(text[start:end].strip("-.$"))
        if rule is None:
            return end
        separator = _SEPARATOR.match(text, end)
        if separator is None:
            return end
        kind = separator.lastgroup or ""
        if not _separates(text, start, separator, kind, rule, code=code):
            return end
        if code and kind == "assign" and not separator["quote"] and (delimiter := literal_around(text, start)):
            at = separator.end()
            if closes_literal(text, at, delimiter):
                return end
            if separator[0].strip() == "=" and (literal := literal_span(text, at)):
                return (*literal, rule)
        in_query = text[start - 1 : start] in ("?", "&") and separator[0] == "="
        span = value_span(text, separator.end(), kind, rule, code=code and not in_query)
        if span is None or span[0] >= span[1]:
            return end
        return (*span, rule)


def _separates(text: str, start: int, separator: re.Match[str], kind: str, rule: str, *, code: bool) -> bool:
    """Say whether this really leads from the name to its value."""
    quoted = separator["quote"] is not None
    if kind in ("assign", "encoded"):
        prose = ":" in separator[0] and not quoted and _WEAK.fullmatch(text, start, separator.start())
        at = separator.end()
        return not prose or bool(_QUOTE.match(text, at) or _OPAQUE.match(text, at))
    if kind == "pair":
        return quoted and _opens_pair(text, start, code=code)
    if kind in ("html", "multipart"):
        return quoted and not code
    if kind == "tag":
        return not quoted and text[:start].rstrip("-.$").endswith(("<", ":")) and not code
    if kind == "call":
        return not quoted and code and _SETTER.match(text[start : separator.start()].rpartition(".")[2]) is not None
    if kind == "sql":
        return not quoted and not code and rule == "password" and not separator["bracket"]
    return (
        not quoted and not code and (text.startswith("--", start) or _OPAQUE.match(text, separator.end()) is not None)
    )


_WEAK = re.compile(r"(?:.*[^a-z])?(?:auth|session|oauth)", re.IGNORECASE)
_SETTER = re.compile(r"(?:set|with)_?[A-Z]|(?:set|with)_")
_CALL_BEFORE = re.compile(
    r"(?:get|getenv|fetch|pop|setdefault|define|putenv|env|getOrDefault|GetValue)\(\s*[bru]?[\"']\Z"
)
_PAIR_BEFORE = re.compile(r"[(\[]\s*[bBrRuU]?\\*[\"'][\w.-]*\Z")


def _opens_pair(text: str, start: int, *, code: bool) -> bool:
    pattern = _CALL_BEFORE if code else _PAIR_BEFORE
    window = text[max(0, start - 24) : start]
    return pattern.search(window) is not None
