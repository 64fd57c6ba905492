"""Patterns that a pack may use: only those that cannot be made slow by what they read."""

import re
from collections.abc import Callable, Iterable, Iterator
from re import _constants as sre  # type: ignore[attr-defined]  # the parser that `re` itself uses
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

UNBOUNDED_MAX = 1
"""One `*` or `+` costs at most the square of a message's (bounded) length; each further one another power."""
BOUNDED_PRODUCT_MAX = 1_000_000


REFUSED = {
    sre.GROUPREF: "a back-reference",
    sre.GROUPREF_EXISTS: "a back-reference",
    sre.ASSERT: "look-around",
    sre.ASSERT_NOT: "look-around",
}


class UnsafePatternError(ValueError):
    """The pattern is outside the linear-time subset, or is no pattern at all."""


def compile_safe(pattern: str) -> re.Pattern[str]:
    """Compile, ignoring case. Refuse back-references, look-around, and quantifiers or alternatives inside a quantifier.

    Raises:
        UnsafePatternError: With the reason. Not retryable.
    """
    try:
        tree = sre_parser.parse(pattern, re.IGNORECASE)
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnsafePatternError(f"not a regular expression: {error}") from error
    unbounded, product = 0, 1
    for low, high in _repeats(tree, inside=False):
        if high is None:
            unbounded += 1
        elif high != low or high > 1:
            product *= max(1, high - low + 1)
    if unbounded > UNBOUNDED_MAX:
        raise UnsafePatternError(
            f"at most {UNBOUNDED_MAX} unbounded quantifier, found {unbounded}: bound it, as {{0,80}}"
        )
    if product > BOUNDED_PRODUCT_MAX:
        raise UnsafePatternError("the bounds of its quantifiers multiply to too many ways to match")
    return compiled


def _repeats(tree: Iterable[Any], *, inside: bool) -> Iterator[tuple[int, int | None]]:
    """Yield the bounds of each quantifier, and refuse what may not stand where it stands."""
    for operation, argument in tree:
        if operation in REFUSED:
            raise UnsafePatternError(f"{REFUSED[operation]} is not allowed")
        if operation in {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT}:
            low, high, body = argument
            optional = (low, high) == (0, 1)
            if inside and not optional:
                raise UnsafePatternError("nested quantifiers are not allowed")
            if not optional:
                yield low, None if high == sre.MAXREPEAT else int(high)
            yield from _repeats(body, inside=inside or not optional)
        elif operation is sre.BRANCH:
            if inside:
                raise UnsafePatternError("alternatives inside a quantifier are not allowed")
            for branch in argument[1]:
                yield from _repeats(branch, inside=inside)
        elif operation is sre.SUBPATTERN:
            yield from _repeats(argument[3], inside=inside)


def required_literal(pattern: str) -> str:
    """Give the longest text that every match must contain, in lower case; empty when there is none."""
    best, run = "", ""
    for operation, argument in _flat(sre_parser.parse(pattern, re.IGNORECASE)):
        if operation is sre.LITERAL and argument < 128:  # noqa: PLR2004 - beyond ASCII, folding may change lengths
            run += chr(argument).lower()
        else:
            run = ""
        best = run if len(run) > len(best) else best
    return best.strip() if best.strip() else ""


def _flat(tree: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield operations in order, looking into plain groups; anything optional comes out as a break."""
    for operation, argument in tree:
        if operation is sre.SUBPATTERN and not argument[1] and not argument[2]:
            yield from _flat(argument[3])
        elif operation is sre.MAX_REPEAT and argument[0] >= 1:
            yield from _flat(argument[2])
            yield sre.ANY, None
        elif operation is not sre.AT:
            yield operation, argument


def wildcard(pattern: str) -> Callable[[str], bool]:
    """Make a test for a text with ``*`` in it: any text may stand there. Linear, unlike a regular expression."""
    first, *rest = pattern.split("*")
    if not rest:
        return lambda text: text == pattern
    *middle, last = rest
    least = len(first) + len(last) + sum(map(len, middle))

    def holds(text: str) -> bool:
        if len(text) < least or not text.startswith(first) or not text.endswith(last):
            return False
        position, end = len(first), len(text) - len(last)
        for piece in middle:
            found = text.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True

    return holds
