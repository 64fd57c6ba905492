"""Delivery ids packed into runs, so that remembering a batch costs one row."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_NUMBERED = re.compile(r"(.*?)(0|[1-9]\d{0,17})", re.DOTALL)


class Run(NamedTuple):
    """Ids that differ only in their last number, without a gap."""

    prefix: str
    first: int
    last: int


def split_id(delivery_id: str) -> tuple[str, int]:
    """Return the text before the last number, and the number; -1 where there is none."""
    match = _NUMBERED.fullmatch(delivery_id)
    return (match[1], int(match[2])) if match else (delivery_id, -1)


def pack(delivery_ids: Iterable[str]) -> list[Run]:
    """Return the runs that make up these ids."""
    runs: list[Run] = []
    for prefix, number in sorted({split_id(delivery_id) for delivery_id in delivery_ids}):
        if runs and runs[-1].prefix == prefix and runs[-1].last == number - 1 and number > 0:
            runs[-1] = runs[-1]._replace(last=number)
        else:
            runs.append(Run(prefix, number, number))
    return runs
