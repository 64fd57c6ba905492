"""How deeply JSON is nested, without decoding it: decoders recurse, and so could be made to fail."""

import re
from itertools import accumulate

from naosu.ingest.errors import BodyTooLargeError

_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_STRINGS = re.compile(rb'"[^"]*(?:"|\Z)')
_ROUNDS_MAX = 32
_BRACKETS_MAX = 600_000  # a full 5 MiB container of logs has a third of them
_CHUNK_BYTES = 64 * 1024
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_STEP = [1 if byte in b"[{" else -1 for byte in range(256)]


def is_deeper_than(payload: bytes, depth_max: int) -> bool:
    """Say whether objects and arrays are nested deeper than `depth_max`.

    What opens no more brackets than that, in strings or not, cannot be: nearly every payload, at a tenth of the cost of
    looking at strings. For the others the depth is exact, so that nothing in a string can hide a level. What is not
    valid JSON is never taken for less deep than a decoder gets before it stops.
    """
    return _is_deeper_than(payload, payload.translate(None, _NOT_BRACKETS), depth_max)


def check_nesting(payload: bytes, *, depth_max: int) -> None:
    """Refuse JSON that is nested too deeply, or holds so many containers that reading it would keep others waiting.

    Raises:
        BodyTooLargeError: Not retryable.
    """
    brackets = payload.translate(None, _NOT_BRACKETS)
    if len(brackets) > _BRACKETS_MAX:
        raise BodyTooLargeError(
            f"The JSON has over {_BRACKETS_MAX} brackets and braces in one item.", reason="json_too_deep"
        )
    if _is_deeper_than(payload, brackets, depth_max):
        raise BodyTooLargeError(f"The JSON is nested deeper than {depth_max} levels.", reason="json_too_deep")


def _is_deeper_than(payload: bytes, brackets: bytes, depth_max: int) -> bool:
    openings = brackets.count(b"[") + brackets.count(b"{")
    return openings > depth_max and _exact_depth(payload, stop_at=depth_max + 1) > depth_max


def depth_of(payload: bytes) -> int:
    """Return the nesting depth; brackets inside strings do not count."""
    return _exact_depth(payload, stop_at=len(payload))


def _exact_depth(payload: bytes, *, stop_at: int) -> int:
    """Return the nesting depth, or some depth from `stop_at` on as soon as it is met."""
    brackets = _brackets_outside_strings(payload)
    return _depth_by_pairs(brackets) or _depth_by_steps(brackets, stop_at=stop_at)


def _brackets_outside_strings(payload: bytes) -> bytes:
    # Without escapes, what stands between an odd quote and the next is a string. Two adjacent quotes are an empty one,
    # or the end of one and the beginning of the next with nothing but separators between: both may go.
    if b"\\" in payload:
        payload = payload.replace(rb"\\", b"").replace(rb"\"", b"")
    structure = payload.translate(None, _NOT_STRUCTURE).replace(b'""', b"")
    return _STRINGS.sub(b"", structure)


def _depth_by_pairs(brackets: bytes) -> int:
    """Take pairs out from the inside until nothing is left, and return in how many rounds. 0: too many."""
    brackets = brackets.translate(_AS_SQUARE)  # or `{[]}` would lose two levels in one round
    for round_number in range(_ROUNDS_MAX):
        if not brackets:
            return round_number
        brackets = brackets.replace(b"[]", b"")
    return 0


def _depth_by_steps(brackets: bytes, *, stop_at: int) -> int:
    depth = deepest = 0
    for start in range(0, len(brackets), _CHUNK_BYTES):  # in pieces, so that other threads have their turn
        steps = map(_STEP.__getitem__, brackets[start : start + _CHUNK_BYTES])
        depths = list(accumulate(steps, initial=depth))
        depth = depths[-1]
        depths.append(deepest)
        deepest = max(depths)
        if deepest >= stop_at:
            break
    return deepest
