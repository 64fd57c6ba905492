"""The little that the door reads of an event: enough to know that it is one."""

import re
from typing import Any

import msgspec

from naosu.ingest.depth import check_nesting
from naosu.ingest.errors import MalformedReportError


class EventHead(msgspec.Struct, frozen=True):
    """Fields of an event that the answer or the ledger needs."""

    event_id: Any = None
    type: Any = None


_DIGITS_MAX = 4300  # of an integer that Python reads from text
_STRIDE = (_DIGITS_MAX + 1) // 2
_TWO_DIGITS = re.compile(rb"[0-9]{2}")
_HALF_TOO_LONG = re.compile(rb"[0-9]{%d}" % _STRIDE)
_HEAD = msgspec.json.Decoder(EventHead)


def read_event_head(payload: bytes, *, depth_max: int) -> EventHead:
    """Return an event's head, having read all of its JSON.

    Raises:
        MalformedReportError: It is not a JSON object. Not retryable.
        BodyTooLargeError: It is nested too deeply. Not retryable.
    """
    check_nesting(payload, depth_max=depth_max)
    try:
        if len(payload) > _DIGITS_MAX and _may_hold_huge_integer(payload):
            msgspec.json.decode(payload)  # as the digester does
        return _HEAD.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedReportError(f"The event is not a JSON object: {error}", reason="event_json") from error


def _may_hold_huge_integer(payload: bytes) -> bool:
    """Say whether there may be more digits in a row than can be read, looking at few bytes only.

    So many digits cover two of the bytes looked at, and all between them.
    """
    if not _TWO_DIGITS.search(payload[::_STRIDE]):
        return False
    return any(_HALF_TOO_LONG.match(payload, place) for place in range(0, len(payload), _STRIDE))
