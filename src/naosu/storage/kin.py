"""Fingerprints that turned out to be one problem, and the issue that they belong in."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from naosu.ports.store.digest import DigestedEvent

FingerprintKey = tuple[int, str]
Family = tuple[FingerprintKey, ...]


class Pinned(IntEnum):
    """Whether a person put a fingerprint where it is: then what is learnt does not move it.

    Within an issue, either all fingerprints are pinned or none is.
    """

    NO = 0
    MERGED = 1  # what turns out to be the same problem joins it
    SPLIT = 2  # it is to be apart, whatever is learnt


class Place(NamedTuple):
    """Where a known fingerprint is."""

    issue_id: int
    pinned: int


class Move(NamedTuple):
    """What becomes of a family.

    Attributes:
        issue_id: Where the others go, and what is new. None: nothing tells.
        pinned: What is new there is pinned so.
        sources: Issues that end in it, all of them.
    """

    issue_id: int | None
    pinned: int
    sources: tuple[int, ...]


def families(events: Iterable[DigestedEvent]) -> list[Family]:
    """Return groups of fingerprints that are one problem, by what the events absorbed; in order of mention."""
    groups: dict[FingerprintKey, list[FingerprintKey]] = {}
    for digested in events:
        project_id, grouping = digested.event.project_id, digested.grouping
        if not grouping.absorbed:
            continue
        names = [(project_id, name) for name in (grouping.fingerprint, *grouping.absorbed)]
        joined = {id(groups[name]): groups[name] for name in names if name in groups}
        members = list(dict.fromkeys([one for group in joined.values() for one in group] + names))
        groups.update(dict.fromkeys(members, members))
    return [tuple(group) for group in {id(group): group for group in groups.values()}.values()]


def move(places: Sequence[Place]) -> Move:
    """Say where a family belongs: in its oldest issue, but for those that a person put elsewhere."""
    merged = [place.issue_id for place in places if place.pinned == Pinned.MERGED]
    free = {place.issue_id for place in places if place.pinned == Pinned.NO}
    # Ids of a project's issues grow with their numbers.
    issue_id = min(merged or free, default=None)
    pinned = Pinned.MERGED if merged else Pinned.NO
    return Move(issue_id, pinned, tuple(sorted(free - {issue_id})))
