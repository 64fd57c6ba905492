"""Moving fingerprints between issues: one column of one row each; then the issues are counted anew."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from naosu.domain.issue import Issue
from naosu.domain.issue_life import joined_by, state_of
from naosu.storage.sql import tables
from naosu.storage.sql.issue_rows import read_issue

_alias, _fingerprint, _issue = tables.issue_alias.c, tables.fingerprint.c, tables.issue.c


def move_issues(connection: Connection, target: Issue, sources: Sequence[Issue]) -> Issue:
    """Move all fingerprints of the sources to the target, and return what it is now.

    The sources are gone, but their ids, short ids, and those that came to them by earlier merges, mean the target.
    """
    ids = [source.id for source in sources]
    connection.execute(update(tables.fingerprint).where(_fingerprint.issue_id.in_(ids)).values(issue_id=target.id))
    connection.execute(delete(tables.issue).where(_issue.id.in_(ids)))
    connection.execute(update(tables.issue_alias).where(_alias.issue_id.in_(ids)).values(issue_id=target.id))
    aliases = [
        {"project_id": one.project_id, "number": one.number, "issue_id": target.id, "merged_id": one.id}
        for one in sources
    ]
    if aliases:
        connection.execute(insert(tables.issue_alias), aliases)
    stored_count = target.stored_count + sum(source.stored_count for source in sources)
    return recount(connection, target.id, (target, *sources), stored_count)


def join_issues(connection: Connection, target_id: int, source_ids: Sequence[int], *, pinned: int) -> None:
    """Move issues that turned out to be the target's problem into it."""
    target = read_issue(connection, target_id, lock=True)
    sources = [read_issue(connection, source_id, lock=True) for source_id in source_ids]
    state = joined_by(state_of(target), [state_of(source) for source in sources])
    values = msgspec.structs.asdict(state)
    connection.execute(update(tables.issue).where(_issue.id == target_id).values(**values))
    connection.execute(update(tables.fingerprint).where(_fingerprint.issue_id.in_(source_ids)).values(pinned=pinned))
    move_issues(connection, target, sources)


def recount(connection: Connection, issue_id: int, before: Sequence[Issue], stored_count: int) -> Issue:
    """Make an issue's counts those of its fingerprints."""
    user = tables.fingerprint_user.c
    counts = connection.execute(
        select(
            func.sum(_fingerprint.event_count).label("event_count"),
            func.min(_fingerprint.first_seen_at, type_=_fingerprint.first_seen_at.type).label("first_seen_at"),
            func.max(_fingerprint.last_seen_at, type_=_fingerprint.last_seen_at.type).label("last_seen_at"),
        ).where(_fingerprint.issue_id == issue_id)
    ).one()
    users = connection.scalar(
        select(func.count(user.user_hash.distinct()))
        .join(tables.fingerprint, _fingerprint.id == user.fingerprint_id)
        .where(_fingerprint.issue_id == issue_id, user.counted)
    )
    releases = (one.first_release for one in sorted(before, key=lambda one: one.first_seen_at))
    values = {
        **counts._asdict(),
        "user_count": users,
        "stored_count": stored_count,
        "first_release": next(filter(None, releases), ""),
    }
    connection.execute(update(tables.issue).where(tables.issue.c.id == issue_id).values(**values))
    return read_issue(connection, issue_id)
