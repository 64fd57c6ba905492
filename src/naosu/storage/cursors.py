"""Opaque cursors: where a list goes on."""

import base64
import binascii

import msgspec

from naosu.domain.errors import InvalidInputError

_CURSOR_CHARS_MAX = 500
INTEGER_MAX = 2**63 - 1
"""What the stores' integers hold."""


def encode_cursor(name: str, *position: int) -> str:
    """Return a text that names a list and a position in it."""
    return base64.urlsafe_b64encode(msgspec.json.encode([name, *position])).decode().rstrip("=")


def decode_cursor(cursor: str, name: str, count: int) -> tuple[int, ...]:
    """Return the position. Raises InvalidInputError for a cursor that is not ours, or of another list."""
    position = _decode(cursor) if len(cursor) <= _CURSOR_CHARS_MAX else ()
    numbers = tuple(number for number in position[1:] if isinstance(number, int) and abs(number) <= INTEGER_MAX)
    if position[:1] != (name,) or len(numbers) != count or len(position) != count + 1:
        raise InvalidInputError("This cursor is not of this list.", mend="Start again without a cursor.")
    return numbers


def _decode(cursor: str) -> tuple[str | int, ...]:
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(decoded, type=tuple[str | int, ...])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        return ()
