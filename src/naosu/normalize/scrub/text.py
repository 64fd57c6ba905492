"""All rules for one decoded text, in the order in which they may not hide from each other."""

import re
from collections.abc import Callable

from naosu.domain.project import ScrubSettings
from naosu.normalize.scrub.addresses import Pseudonyms, hide_emails, hide_ips
from naosu.normalize.scrub.assignments import Assignments
from naosu.normalize.scrub.cards import hide_cards
from naosu.normalize.scrub.names import NameRules
from naosu.normalize.scrub.parameters import Parameters
from naosu.normalize.scrub.patterns import check_pattern
from naosu.normalize.scrub.shapes import FILTERED, hide_schemes, hide_shapes, hide_userinfo
from naosu.normalize.scrub.triggers import AT, CARD, DIGITS, IP, NAME, PERCENT, SCHEME, SHAPE

_WINDOW, _OVERLAP = 2_000, 500


class TextRules:
    """Scrubs one decoded text. Immutable once made."""

    def __init__(self, settings: ScrubSettings, names: NameRules, pseudonyms: Pseudonyms) -> None:
        self.settings = settings
        self.patterns: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
            (name, check_pattern(pattern)) for name, pattern in settings.patterns
        )
        self._assignments = Assignments(names)
        self._parameters = Parameters(names)
        self._pseudonyms = pseudonyms

    def clean(self, text: str, bits: int, *, code: bool, release: bool) -> tuple[str, list[str]]:
        """Return the text without what `bits` say may be in it, and the rules that struck."""
        rules: list[str] = []
        if bits & SHAPE:
            text = _apply(text, hide_shapes, "known_token", rules)
        if bits & AT:
            text = _apply(text, hide_userinfo, "url_password", rules)
        if bits & NAME:
            if not code:
                text, struck = self._parameters.hide(text)
                rules += struck
            text, struck = self._assignments.hide(text, code=code)
            rules += struck
        if bits & SCHEME:
            text = _apply(text, hide_schemes, "authorization", rules)
        if bits & (CARD | DIGITS):
            text = _apply(text, hide_cards, "credit_card", rules)
        if release:
            return text, rules
        if bits & (AT | PERCENT) and self.settings.emails:
            text = _apply(text, self._emails, "email", rules)
        if bits & IP and self.settings.ip_addresses:
            text = _apply(text, self._ips, "ip", rules)
        return text, rules

    def clean_patterns(self, text: str, rules: list[str]) -> str:
        """Return the text without what the project's own patterns match."""
        for name, pattern in self.patterns:
            clean = _without_matches(text, pattern)
            if clean != text:
                text = clean
                rules.append(f"pattern:{name}")
        return text

    def _emails(self, text: str) -> str:
        return hide_emails(text, self._pseudonyms)

    def _ips(self, text: str) -> str:
        return hide_ips(text, self._pseudonyms)


def _without_matches(text: str, pattern: re.Pattern[str]) -> str:
    """Replace what a pattern matches, searching in windows: no match is longer than one."""
    pieces: list[str] = []
    done = at = 0
    while at < len(text):
        match = pattern.search(text, at, at + _WINDOW)
        if match is None:
            at += _WINDOW - _OVERLAP
        elif match.end() == match.start():
            at = match.end() + 1
        else:
            pieces += (text[done : match.start()], FILTERED)
            done = at = match.end()
    return "".join((*pieces, text[done:])) if pieces else text


def _apply(text: str, hide: Callable[[str], str], rule: str, rules: list[str]) -> str:
    clean = hide(text)
    if clean != text:
        rules.append(rule)
    return clean
