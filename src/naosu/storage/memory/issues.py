"""Issues, as people and scripts change them, in memory."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from naosu.domain.classification import Category, Severity
from naosu.domain.errors import InvalidInputError, NotFoundError
from naosu.domain.issue import FingerprintInfo, Issue, IssueStatus, TagValue
from naosu.domain.issue_life import IssueState, muted, opened, resolved, state_of
from naosu.domain.issue_query import IssueQuery
from naosu.ports.store.issues import ClassificationCount, HourCount, IssuePage
from naosu.storage.cursors import decode_cursor, encode_cursor
from naosu.storage.facets import CALLER_KEY
from naosu.storage.kin import Pinned
from naosu.storage.matching import split_short_id
from naosu.storage.memory.moving import move_issues, recount
from naosu.storage.memory.search import SORT_KEYS, matches
from naosu.storage.memory.shelves import FacetCount, KeptFingerprint, OnShelves

_replace = msgspec.structs.replace


class MemoryIssues(OnShelves):
    """Issues and their facets."""

    def find_issues(
        self, query: IssueQuery, *, now: datetime, limit: int = 50, cursor: str | None = None, total_max: int = 10_000
    ) -> IssuePage:
        """Return issues that match. Raises InvalidInputError for a cursor that is not ours."""
        sort_key = SORT_KEYS[query.sort]
        start = decode_cursor(cursor, query.sort.value, 2) if cursor else None
        with self._shelves.lock:
            found = [issue for issue in self._shelves.issues.values() if matches(issue, query, self._shelves, now)]
        found.sort(key=lambda issue: (sort_key(issue), issue.id), reverse=True)
        rest = [issue for issue in found if start is None or (sort_key(issue), issue.id) < start]
        page = tuple(rest[:limit])
        more = len(rest) > len(page) and page
        return IssuePage(
            issues=page,
            next_cursor=encode_cursor(query.sort.value, sort_key(page[-1]), page[-1].id) if more else None,
            total=min(len(found), total_max),
        )

    def count_by_classification(self, project_id: int | None = None) -> list[ClassificationCount]:
        """Return counts of all issues by category, severity and status; combinations without an issue are absent."""
        issues: Counter[tuple[Category, Severity, IssueStatus]] = Counter()
        events: Counter[tuple[Category, Severity, IssueStatus]] = Counter()
        with self._shelves.lock:
            for issue in self._shelves.issues.values():
                if project_id in {None, issue.project_id}:
                    kind = (issue.classification.category, issue.classification.severity, issue.status)
                    issues[kind] += 1
                    events[kind] += issue.event_count
        return [
            ClassificationCount(
                category=kind[0], severity=kind[1], status=kind[2], issue_count=count, event_count=events[kind]
            )
            for kind, count in issues.items()
        ]

    def get_issue(self, issue_id: int) -> Issue:
        """Return one issue, or the one it was merged into. Raises NotFoundError."""
        with self._shelves.lock:
            while issue_id in self._shelves.merged_ids:
                issue_id = self._shelves.merged_ids[issue_id]
            return self._own_issue(issue_id)

    def _own_issue(self, issue_id: int) -> Issue:
        with self._shelves.lock:
            issue = self._shelves.issues.get(issue_id)
        if issue is None:
            raise NotFoundError(f"There is no issue {issue_id}.")
        return issue

    def find_by_short_id(self, short_id: str) -> Issue:
        """Return the issue called ``SHOP-12``, in any case, or the one it was merged into. Raises NotFoundError."""
        try:
            wanted = split_short_id(short_id)
        except InvalidInputError as error:
            raise NotFoundError(str(error), mend=error.mend) from error
        with self._shelves.lock:
            for issue in self._shelves.issues.values():
                if (issue.project_slug.lower(), issue.number) == wanted:
                    return issue
            for (project_id, number), issue_id in self._shelves.aliases.items():
                if (self._shelves.projects[project_id].slug.lower(), number) == wanted:
                    return self._shelves.issues[issue_id]
        raise NotFoundError(f"There is no issue {short_id}.")

    def resolve_issue(self, issue_id: int, *, now: datetime, in_release: str = "", in_next: bool = False) -> Issue:
        """It counts as fixed: now, from a release on, or in the next one."""
        with self._shelves.lock:
            issue = self._own_issue(issue_id)
            return self._put(issue, resolved(state_of(issue), now=now, in_release=in_release, in_next=in_next))

    def mute_issue(self, issue_id: int, *, until: datetime | None, more_events: int | None) -> Issue:
        """Be silent about it until then, or until that many more events, or until opened by hand."""
        with self._shelves.lock:
            issue = self._own_issue(issue_id)
            return self._put(issue, muted(state_of(issue), until=until, more_events=more_events))

    def open_issue(self, issue_id: int) -> Issue:
        """It is neither resolved nor muted any more."""
        with self._shelves.lock:
            issue = self._own_issue(issue_id)
            return self._put(issue, opened(state_of(issue)))

    def _put(self, issue: Issue, state: IssueState) -> Issue:
        self._shelves.changes += 1
        self._shelves.issues[issue.id] = _replace(issue, **msgspec.structs.asdict(state))
        return self._shelves.issues[issue.id]

    def merge_issues(self, target_id: int, source_ids: Sequence[int]) -> Issue:
        """Move all fingerprints, events and counts of the sources to the target, for good and for the future."""
        with self._shelves.lock:
            target = self._own_issue(target_id)
            sources = [self._own_issue(source_id) for source_id in dict.fromkeys(source_ids)]
            if any(source.id == target_id or source.project_id != target.project_id for source in sources):
                raise InvalidInputError("Issues are merged with others of the same project.")
            merged = move_issues(self._shelves, target, sources)
            for kept in self._shelves.fingerprints_of(target_id):
                kept.pinned = Pinned.MERGED
            return merged

    def split_issue(self, issue_id: int, fingerprints: Sequence[str], *, now: datetime) -> Issue:
        """Move these fingerprints, and the events and counts under them, to a new issue, which is returned."""
        shelves = self._shelves
        with shelves.lock:
            issue = self._own_issue(issue_id)
            kept = shelves.fingerprints_of(issue_id)
            wanted = set(fingerprints)
            moving = [one for one in kept if one.fingerprint in wanted]
            if not moving or len(moving) != len(wanted) or len(moving) == len(kept):
                raise InvalidInputError("Split off some of the issue's fingerprints, not all of them.")
            shelves.issue_numbers[issue.project_id] += 1
            new_issue = _replace(
                issue,
                id=shelves.new_id(),
                number=shelves.issue_numbers[issue.project_id],
                title=moving[0].title,
                **msgspec.structs.asdict(IssueState()),
            )
            for one in kept:
                one.pinned = Pinned.SPLIT
            for one in moving:
                one.issue_id = new_issue.id
            recount(shelves, issue, (issue,))
            return recount(shelves, new_issue, (issue,))

    def list_fingerprints(self, issue_id: int) -> list[FingerprintInfo]:
        """Return what is merged in this issue, oldest first."""
        with self._shelves.lock:
            self._own_issue(issue_id)
            return [
                FingerprintInfo(
                    fingerprint=one.fingerprint,
                    event_count=one.event_count,
                    first_seen_at=one.first_seen_at,
                    title=one.title,
                    parts_json=one.parts_json,
                )
                for one in sorted(self._shelves.fingerprints_of(issue_id), key=lambda one: one.first_seen_at)
            ]

    def list_tags(self, issue_id: int, *, values_max: int = 10) -> dict[str, list[TagValue]]:
        """Return tag values by key, the most frequent first; release, environment, user… included."""
        with self._shelves.lock:
            kept = self._shelves.fingerprints_of(issue_id)
            keys = sorted({key for one in kept for key in one.facets} - {CALLER_KEY})
            return {key: _values(kept, key)[:values_max] for key in keys}

    def callers(self, issue_id: int, *, limit: int = 20) -> list[TagValue]:
        """Return the paths by which the crash site was reached, the most frequent first."""
        with self._shelves.lock:
            return _values(self._shelves.fingerprints_of(issue_id), CALLER_KEY)[:limit]

    def hourly_counts(self, issue_ids: Sequence[int], *, since: datetime) -> dict[int, list[HourCount]]:
        """Return events per hour of each issue; hours without events are absent."""
        with self._shelves.lock:
            return {issue_id: self._hours(issue_id, since) for issue_id in issue_ids}

    def _hours(self, issue_id: int, since: datetime) -> list[HourCount]:
        hours: Counter[datetime] = Counter()
        for kept in self._shelves.fingerprints_of(issue_id):
            hours.update(kept.hours)
        return [HourCount(hour, count) for hour, count in sorted(hours.items()) if hour >= since]


def _values(kept: Sequence[KeptFingerprint], key: str) -> list[TagValue]:
    joined: dict[str, FacetCount] = {}
    for one in kept:
        for value, facet in one.facets.get(key, {}).items():
            total = joined.setdefault(value, FacetCount(0, facet.last_seen_at))
            total.count += facet.count
            total.last_seen_at = max(total.last_seen_at, facet.last_seen_at)
    ranked = sorted(joined.items(), key=lambda pair: (-pair[1].count, pair[0]))
    return [TagValue(key.lstrip(":"), value, facet.count, facet.last_seen_at) for value, facet in ranked]
