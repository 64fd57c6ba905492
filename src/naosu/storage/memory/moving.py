"""Moving fingerprints between issues, in memory."""

from collections.abc import Sequence

import msgspec

from naosu.domain.issue import Issue
from naosu.storage.memory.shelves import Shelves


def move_issues(shelves: Shelves, target: Issue, sources: Sequence[Issue]) -> Issue:
    """Move all fingerprints of the sources to the target, and return what it is now.

    The sources are gone, but their ids, short ids, and those that came to them by earlier merges, mean the target.
    """
    for source in sources:
        for kept in shelves.fingerprints_of(source.id):
            kept.issue_id = target.id
        del shelves.issues[source.id]
        shelves.aliases |= dict.fromkeys((name for name, one in shelves.aliases.items() if one == source.id), target.id)
        shelves.aliases[source.project_id, source.number] = target.id
        shelves.merged_ids[source.id] = target.id
    return recount(shelves, target, (target, *sources))


def recount(shelves: Shelves, issue: Issue, before: Sequence[Issue]) -> Issue:
    """Make an issue's counts those of its fingerprints."""
    kept = shelves.fingerprints_of(issue.id)
    releases = (one.first_release for one in sorted(before, key=lambda one: one.first_seen_at))
    shelves.changes += 1
    shelves.issues[issue.id] = msgspec.structs.replace(
        issue,
        event_count=sum(one.event_count for one in kept),
        stored_count=len(shelves.events_of(issue.id)),
        user_count=len({user for one in kept for user in one.users}),
        first_seen_at=min(one.first_seen_at for one in kept),
        last_seen_at=max(one.last_seen_at for one in kept),
        first_release=next(filter(None, releases), ""),
    )
    return shelves.issues[issue.id]
