"""Takes secrets out of a log before it is kept as evidence."""

import re

MASK = "***"
_RULES = (
    (re.compile(r"(?<=://)([^\s:/@]{1,200}):([^\s/@]{1,200})@"), rf"\1:{MASK}@"),
    (re.compile(r"\b(Bearer|Basic|Token)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"), MASK),
    (
        re.compile(
            r"((?:password|passwd|secret|token|api[_-]?key|access[_-]?key|authorization|cookie|session(?:id)?)[\w-]{0,40}"
            r"['\"]?\s{0,9}(?:=|:(?=\s{0,9}['\"]))\s{0,9}['\"]?)[^\s'\",&;)}]{3,}",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)


def masked(text: str) -> str:
    """Return a text with what looks like passwords, keys and tokens replaced."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
