"""Which events go first where there are too many: the same in every store."""

from collections import Counter
from collections.abc import Hashable, Sequence

ISSUES_LOOKED_AT = 20
"""The biggest ones; of equals, the oldest."""

EventFacts = tuple[int, Hashable, Hashable]
"""An event's id, its release and its environment."""


def share(stored_count: int, excess: int) -> int:
    """Return how many of an issue's events to look for: half at most, so that other big ones get smaller too."""
    return min(excess, max(stored_count // 2, 1))


def with_twins(events: Sequence[EventFacts], wanted: int) -> list[int]:
    """Return ids of at most so many events, the first ones, that leave another one of their release and environment."""
    releases = Counter(release for _, release, _ in events)
    environments = Counter(environment for _, _, environment in events)
    chosen: list[int] = []
    for event_id, release, environment in events:
        if len(chosen) == wanted:
            break
        if releases[release] > 1 and environments[environment] > 1:
            releases[release] -= 1
            environments[environment] -= 1
            chosen.append(event_id)
    return chosen
