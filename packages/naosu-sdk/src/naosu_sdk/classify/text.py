"""Text as the matcher compares it: one spelling for what looks alike."""

import unicodedata

TEXT_CHARS_MAX = 2_000
"""Rules look no further into a message: the facts stand at its beginning, and time must stay bounded."""


def clean(text: str) -> str:
    """Normalise to NFKC (which makes U+00A0 a space) and collapse white space; case is kept."""
    if len(text) > TEXT_CHARS_MAX:
        text = text[:TEXT_CHARS_MAX]
    if not text.isascii():
        return " ".join(unicodedata.normalize("NFKC", text).split())
    if "\n" in text or "  " in text or "\t" in text or "\r" in text:
        return " ".join(text.split())
    return text.strip(" ")


def folded(text: str) -> str:
    """As `clean`, and without case."""
    return clean(text).casefold()
