"""Payment card numbers: issuer's range, length and check digit, all three."""

import re

# Digits in one run, or in the groups that are printed on cards. Not part of a longer number, word or decimal.
CARD = re.compile(r"(?<![\w.+-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?![\w-]|\.\d)")
_RULE_DIGITS = str.maketrans("", "", " -")


# Lowest and highest prefix, and the lengths issued under it, as the networks publish them (ISO/IEC 7812).
_ISSUED: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 19)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("36", "36", (14,)),
    ("38", "38", (14,)),
    ("300", "305", (14,)),
    ("3528", "3589", (16, 17, 18, 19)),
    ("6011", "6011", (16, 17, 18, 19)),
    ("62", "62", (16, 17, 18, 19)),
    ("644", "649", (16, 17, 18, 19)),
    ("65", "65", (16, 17, 18, 19)),
)
_FIRST_DIGITS = frozenset(low[0] for low, _, _ in _ISSUED)
_LENGTHS = range(13, 20)
# What a doubled digit adds to the check sum: its own digits, added up.
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _issued(digits: str) -> bool:
    return any(low <= digits[: len(low)] <= high and len(digits) in lengths for low, high, lengths in _ISSUED)


def is_card(text: str) -> bool:
    """Say whether these digits (spaces and dashes allowed) are a card number."""
    if text[:1] not in _FIRST_DIGITS:
        return False
    digits = text.translate(_RULE_DIGITS)
    if len(digits) not in _LENGTHS or not digits.isascii() or not digits.isdigit() or not _issued(digits):
        return False
    values = [int(digit) for digit in reversed(digits)]
    return len(set(digits)) > 1 and (sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])) % 10 == 0


def hide_cards(text: str) -> str:
    """Replace card numbers within a text."""
    return CARD.sub(lambda match: "[Filtered]" if is_card(match[0]) else match[0], text)
