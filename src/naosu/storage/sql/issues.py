"""Issues, as people and scripts read and change them."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from naosu.domain.errors import InvalidInputError, NotFoundError
from naosu.domain.issue import FingerprintInfo, Issue, TagValue
from naosu.domain.issue_life import IssueState, muted, opened, resolved, state_of
from naosu.domain.issue_query import IssueQuery
from naosu.ports.store.issues import ClassificationCount, HourCount, IssuePage
from naosu.storage.facets import CALLER_KEY
from naosu.storage.kin import Pinned
from naosu.storage.matching import split_short_id
from naosu.storage.sql import search, tables
from naosu.storage.sql.column_types import from_micros, to_micros
from naosu.storage.sql.issue_rows import ISSUES, issue_of, read_issue
from naosu.storage.sql.moving import move_issues, recount
from naosu.storage.sql.session import SqlPart
from naosu.storage.sql.tallies import HOUR_US

_fingerprint = tables.fingerprint.c


class SqlIssues(SqlPart):
    """Issues and their facets."""

    def find_issues(
        self, query: IssueQuery, *, now: datetime, limit: int = 50, cursor: str | None = None, total_max: int = 10_000
    ) -> IssuePage:
        """Return issues that match. Raises InvalidInputError for a cursor that is not ours."""
        with self._reading() as connection:
            return search.find(connection, query, now=now, limit=limit, cursor=cursor, total_max=total_max)

    def count_by_classification(self, project_id: int | None = None) -> list[ClassificationCount]:
        """Return counts of all issues by category, severity and status; combinations without an issue are absent."""
        column = tables.issue.c
        kinds = (column.category, column.severity, column.status)
        wanted = select(*kinds, func.count().label("issue_count"), func.sum(column.event_count).label("event_count"))
        if project_id is not None:
            wanted = wanted.where(column.project_id == project_id)
        with self._reading() as connection:
            rows = connection.execute(wanted.group_by(*kinds).order_by(*kinds)).all()
        return [ClassificationCount(**row._asdict() | {"event_count": int(row.event_count)}) for row in rows]

    def get_issue(self, issue_id: int) -> Issue:
        """Return one issue, or the one it was merged into. Raises NotFoundError."""
        alias = tables.issue_alias.c
        with self._reading() as connection:
            try:
                return read_issue(connection, issue_id)
            except NotFoundError:
                known = abs(issue_id) < 2**63
                merged = select(alias.issue_id).where(alias.merged_id == issue_id)
                if known and (target_id := connection.scalar(merged)) is not None:
                    return read_issue(connection, target_id)
                raise

    def find_by_short_id(self, short_id: str) -> Issue:
        """Return the issue called ``SHOP-12``, in any case, or the one it was merged into. Raises NotFoundError."""
        try:
            slug, number = split_short_id(short_id)
        except InvalidInputError as error:
            raise NotFoundError(str(error), mend=error.mend) from error
        issue, alias = tables.issue.c, tables.issue_alias
        mine = func.lower(tables.project.c.slug) == slug
        same = (alias.c.issue_id == issue.id) & (alias.c.project_id == issue.project_id)
        with self._reading() as connection:
            row = (
                connection.execute(ISSUES.where(mine, issue.number == number)).first()
                or connection.execute(ISSUES.join(alias, same).where(mine, alias.c.number == number)).first()
            )
        if row is None:
            raise NotFoundError(f"There is no issue {short_id}.")
        return issue_of(row)

    def resolve_issue(self, issue_id: int, *, now: datetime, in_release: str = "", in_next: bool = False) -> Issue:
        """It counts as fixed: now, from a release on, or in the next one."""
        with self._writing() as connection:
            issue = read_issue(connection, issue_id, lock=True)
            state = resolved(state_of(issue), now=now, in_release=in_release, in_next=in_next)
            return _put(connection, issue_id, state)

    def mute_issue(self, issue_id: int, *, until: datetime | None, more_events: int | None) -> Issue:
        """Be silent about it until then, or until that many more events, or until opened by hand."""
        with self._writing() as connection:
            issue = read_issue(connection, issue_id, lock=True)
            return _put(connection, issue_id, muted(state_of(issue), until=until, more_events=more_events))

    def open_issue(self, issue_id: int) -> Issue:
        """It is neither resolved nor muted any more."""
        with self._writing() as connection:
            return _put(connection, issue_id, opened(state_of(read_issue(connection, issue_id, lock=True))))

    def merge_issues(self, target_id: int, source_ids: Sequence[int]) -> Issue:
        """Move all fingerprints, events and counts of the sources to the target, for good and for the future."""
        with self._writing(wrongs_caches=True) as connection:
            target = read_issue(connection, target_id)
            sources = [read_issue(connection, source_id) for source_id in dict.fromkeys(source_ids)]
            if any(source.id == target_id or source.project_id != target.project_id for source in sources):
                raise InvalidInputError("Issues are merged with others of the same project.")
            merged = move_issues(connection, target, sources)
            _pin(connection, [target_id], Pinned.MERGED)
            return merged

    def split_issue(self, issue_id: int, fingerprints: Sequence[str], *, now: datetime) -> Issue:
        """Move these fingerprints, and the events and counts under them, to a new issue, which is returned."""
        with self._writing(wrongs_caches=True) as connection:
            issue = read_issue(connection, issue_id)
            kept = connection.execute(
                select(_fingerprint.id, _fingerprint.fingerprint, _fingerprint.title)
                .where(_fingerprint.issue_id == issue_id)
                .order_by(_fingerprint.id)
            ).all()
            wanted = set(fingerprints)
            moving = [row for row in kept if row.fingerprint in wanted]
            if not moving or len(moving) != len(wanted) or len(moving) == len(kept):
                raise InvalidInputError("Split off some of the issue's fingerprints, not all of them.")
            ids = [row.id for row in moving]
            new_id = _copy_issue(connection, issue, moving[0].title)
            connection.execute(update(tables.fingerprint).where(_fingerprint.id.in_(ids)).values(issue_id=new_id))
            moved = connection.scalar(
                select(func.count()).select_from(tables.event).where(tables.event.c.fingerprint_id.in_(ids))
            )
            _pin(connection, [issue_id, new_id], Pinned.SPLIT)
            recount(connection, issue_id, (issue,), issue.stored_count - (moved or 0))
            return recount(connection, new_id, (issue,), moved or 0)

    def list_fingerprints(self, issue_id: int) -> list[FingerprintInfo]:
        """Return what is merged in this issue, oldest first."""
        names = FingerprintInfo.__struct_fields__
        with self._reading() as connection:
            read_issue(connection, issue_id)
            rows = connection.execute(
                select(*(_fingerprint[name] for name in names))
                .where(_fingerprint.issue_id == issue_id)
                .order_by(_fingerprint.first_seen_at, _fingerprint.id)
            )
            return [FingerprintInfo(**row._asdict()) for row in rows]

    def list_tags(self, issue_id: int, *, values_max: int = 10) -> dict[str, list[TagValue]]:
        """Return tag values by key, the most frequent first; release, environment, user… included."""
        with self._reading() as connection:
            values = _facet_values(issue_id).where(tables.facet.c.key != CALLER_KEY).subquery().c
            # A tie decided by the database's collation would differ from store to store: let ties in, and decide here.
            rank = func.rank().over(partition_by=values.key, order_by=values.total.desc()).label("rank")
            ranked = select(values.key, values.value, values.total, values.last_seen_at, rank).subquery()
            rows = connection.execute(select(ranked).where(ranked.c.rank <= values_max)).all()
        by_key: dict[str, list[TagValue]] = {}
        for row in sorted(rows, key=lambda row: (row.key, -row.total, row.value)):
            shown = by_key.setdefault(row.key, [])
            if len(shown) < values_max:
                shown.append(TagValue(row.key, row.value, row.total, row.last_seen_at))
        return by_key

    def callers(self, issue_id: int, *, limit: int = 20) -> list[TagValue]:
        """Return the paths by which the crash site was reached, the most frequent first."""
        with self._reading() as connection:
            rows = connection.execute(_facet_values(issue_id).where(tables.facet.c.key == CALLER_KEY)).all()
        ranked = sorted(rows, key=lambda row: (-row.total, row.value))[:limit]
        return [TagValue(CALLER_KEY.lstrip(":"), row.value, row.total, row.last_seen_at) for row in ranked]

    def hourly_counts(self, issue_ids: Sequence[int], *, since: datetime) -> dict[int, list[HourCount]]:
        """Return events per hour of each issue; hours without events are absent."""
        hour = tables.fingerprint_hour.c
        first_hour = -(-to_micros(since) // HOUR_US)
        wanted = (
            select(_fingerprint.issue_id, hour.hour, hour.count)
            .join(tables.fingerprint, _fingerprint.id == hour.fingerprint_id)
            .where(_fingerprint.issue_id.in_(list(issue_ids)), hour.hour >= first_hour)
        )
        counts: dict[int, Counter[int]] = {issue_id: Counter() for issue_id in issue_ids}
        with self._reading() as connection:
            for issue_id, at, count in connection.execute(wanted):
                counts[issue_id][at] += count
        return {
            issue_id: [HourCount(from_micros(at * HOUR_US), count) for at, count in sorted(hours.items())]
            for issue_id, hours in counts.items()
        }


def _facet_values(issue_id: int) -> Any:
    facet = tables.facet.c
    return (
        select(
            facet.key,
            facet.value,
            func.sum(facet["count"]).label("total"),
            func.max(facet.last_seen_at, type_=facet.last_seen_at.type).label("last_seen_at"),
        )
        .join(tables.fingerprint, _fingerprint.id == facet.fingerprint_id)
        .where(_fingerprint.issue_id == issue_id)
        .group_by(facet.key, facet.value)
    )


def _put(connection: Connection, issue_id: int, state: IssueState) -> Issue:
    values = msgspec.structs.asdict(state)
    connection.execute(update(tables.issue).where(tables.issue.c.id == issue_id).values(**values))
    return read_issue(connection, issue_id)


def _pin(connection: Connection, issue_ids: Sequence[int], pinned: Pinned) -> None:
    """Remember that a person put these where they are: what is learnt later does not move them."""
    mine = _fingerprint.issue_id.in_(list(issue_ids))
    connection.execute(update(tables.fingerprint).where(mine).values(pinned=int(pinned)))


def _copy_issue(connection: Connection, issue: Issue, title: str) -> int:
    """Make an open issue with the same texts."""
    project, column = tables.project, tables.issue.c
    number = connection.execute(
        update(project)
        .where(project.c.id == issue.project_id)
        .values(last_issue_number=project.c.last_issue_number + 1)
        .returning(project.c.last_issue_number)
    ).scalar_one()
    row = connection.execute(select(tables.issue).where(column.id == issue.id)).one()._asdict()
    del row["id"]
    changed = {**msgspec.structs.asdict(IssueState()), "title": title, "title_folded": title.casefold()}
    made = insert(tables.issue).values(**{**row, **changed, "number": number}).returning(column.id)
    return int(connection.execute(made).scalar_one())
