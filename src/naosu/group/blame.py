"""Whether a raising function speaks for its caller, so that the caller is part of the problem's identity."""

import re
from collections.abc import Sequence
from functools import lru_cache

from naosu.domain.event import ExceptionValue, Frame
from naosu.group.frames import Place, place_of
from naosu.group.words import words

_GUARD = words(
    """
    require required ensure check assert expect guard must abort fail raise throw bail die panic reject deny error
    invariant precondition unwrap validate verify
    """
)
_TRANSPORT = words(
    """
    call request send fetch get post put delete patch invoke execute query http https rpc api rest do perform exec
    urlopen
    """
)
_FILLER = words(
    """
    not none null nil nonnull true false or for status if is that be empty positive negative arg argument 404 400
    one exactly exists state response resp ok value raw json sync async with data non zero self 1 all many first
    text body it to
    """
)
_SHARED_HOME = words(
    """
    http client clients http_client api_client rest rpc net network transport gateway errors exceptions guards
    guard validators validation utils util helpers helper common base checks assertions shared lib
    """
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
CALLER_SCORE_MIN = 2
NEIGHBOUR_SCORE_MIN = 3


@lru_cache(maxsize=4096)
def _name_words(function: str) -> frozenset[str]:
    name = re.split(r"[.:#$\\]", function)[-1]
    return frozenset(word.lower() for word in _WORD.findall(name[:200]))


@lru_cache(maxsize=4096)
def helper_kind(function: str, module: str) -> str:
    """``guard``, ``transport``, ``shared`` or empty: what the name says of a function that serves others.

    A guard's or transport's name has no word of the domain in it: ``require`` and ``raise_for_status`` are guards,
    ``validate_order`` is not.
    """
    words = _name_words(function)
    if words and words <= _GUARD | _FILLER and words & _GUARD:
        return "guard"
    if {"get", "or"} <= words and words & {"404", "raise", "fail", "throw"}:
        return "guard"
    if words and words <= _TRANSPORT | _FILLER and words & _TRANSPORT:
        return "transport"
    home = re.split(r"[./\\:]", module.removesuffix(".py"))[-1].lower()
    return "shared" if home in _SHARED_HOME else ""


def owns(exception: ExceptionValue, site: Place) -> bool:
    """Whether the exception's class lives where it was raised: the vocabulary of a helper, not of the caller."""
    return bool(exception.module) and (
        exception.module == site.module or site.module.startswith(exception.module + ".")
    )


def blames_caller(exception: ExceptionValue, site: Place, caller: Place, *, constant: bool) -> bool:
    """Whether an error raised on purpose at `site` is the caller's doing.

    A guard (``require(x)``) always speaks for its caller. Any other shared function does when it says the same to
    everybody (a constant message) in its own vocabulary; a caller of the same module needs every sign.
    """
    kind = helper_kind(site.function, site.module)
    if not kind:
        return False
    if kind == "guard":
        return True
    score = int(constant) + int(owns(exception, site)) + int(kind == "transport")
    return score >= (NEIGHBOUR_SCORE_MIN if caller.module == site.module else CALLER_SCORE_MIN)


def caller_of(own: Sequence[Frame], site: Place) -> Place | None:
    """Who asked: the nearest frame below that is no wrapper, lambda, private function, nor helper beside the first."""
    nearest: Place | None = None
    for frame in own[1:12]:
        place = place_of(frame)
        if place.wrapper or place.anonymous or place == site:
            continue
        nearest = nearest or place
        if place.function.startswith("_"):
            continue
        if place.module != site.module or not helper_kind(place.function, place.module):
            return place
    return nearest
