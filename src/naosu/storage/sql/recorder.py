"""Recording one batch in one transaction.

Rows are locked in one order by all digesters (releases, project, issues, then everything else by key), so that
several of them may write at once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from naosu.domain.issue import IssueChange
from naosu.domain.outcome import DataCategory, Outcome
from naosu.domain.report import SampledCount
from naosu.ports.store.digest import DigestBatch, DigestedEvent
from naosu.storage.facets import DISTINCT_VALUES_MAX, clean, stable_hash
from naosu.storage.ledger_keys import add_up
from naosu.storage.receipts import pack
from naosu.storage.sites import MergeSites, keep_newer
from naosu.storage.sql import statements, tables
from naosu.storage.sql.cache import DigestCache, KnownFingerprint
from naosu.storage.sql.column_types import DATA_CATEGORY_CODES, LEVEL_CODES, OUTCOME_CODES, to_micros
from naosu.storage.sql.resolver import Resolver
from naosu.storage.sql.side_writer import write_side_rows
from naosu.storage.sql.tallies import HOUR_US, FingerprintTally, IssueTally, ReleaseTally, encode_json

_TERM_CHARS_MAX = 1_000
_USER_CHARS_MAX = 200
_STATUS_CODE_MAX = 32_767
_MINUTE_US = 60_000_000
_ERROR_CODE = DATA_CATEGORY_CODES[DataCategory.ERROR]
_ACCEPTED_CODE = OUTCOME_CODES[Outcome.ACCEPTED]
_FILTERED_CODE = OUTCOME_CODES[Outcome.FILTERED]


class Recorder:
    """Writes one batch. The cache is wrong when the transaction fails: clear it then.

    Attributes:
        alone: The transaction has taken the epoch for itself: it may move issues. NotAloneError says that it has to.
    """

    def __init__(
        self, connection: Connection, cache: DigestCache, *, merge_sites: MergeSites = keep_newer, alone: bool = False
    ) -> None:
        self._connection = connection
        self._cache = cache
        self._resolver = Resolver(connection, cache, merge_sites=merge_sites, alone=alone)
        self._issues: dict[int, IssueTally] = {}
        self._tally = FingerprintTally()
        self._releases: dict[int, ReleaseTally] = {}
        self._terms: dict[int, str] = {}
        self._event_rows: list[tuple[Any, ...]] = []
        self._changes: list[IssueChange] = []

    def run(self, batch: DigestBatch, *, now: datetime) -> list[IssueChange]:
        """Write everything, and return what changed."""
        fresh = self._without_duplicates(batch.events)
        self._resolver.load_releases(fresh)
        known = self._resolver.load_fingerprints(fresh)
        signatures = self._new_signatures(fresh, known)
        sampled = [*self._take_pending(signatures), *batch.sampled]
        owners = self._owners(sampled, signatures)
        issue_ids = {one.issue_id for one in known} | {issue_id for _, issue_id in owners.values()}
        self._issues = self._resolver.load_issues(issue_ids)
        for digested, fingerprint in zip(fresh, known, strict=True):
            self._add_event(digested, fingerprint)
        for one in sampled:
            self._add_sampled(one, owners.get((one.project_id, one.signature)))
        self._write_events(signatures)
        self._write_counts()
        self._write_ledger(batch, fresh)
        self._resolver.put_sites(batch.sites)
        runs = [(*run, to_micros(now)) for run in pack(batch.delivery_ids)]
        statements.ADD_RECEIPTS.run(self._connection, runs)
        write_side_rows(self._connection, batch)
        return self._changes

    def _without_duplicates(self, events: Sequence[DigestedEvent]) -> list[DigestedEvent]:
        by_key: dict[tuple[bytes, int], DigestedEvent] = {}
        for digested in events:
            by_key.setdefault((bytes.fromhex(digested.event.event_id), digested.event.project_id), digested)
        column = tables.event.c
        wanted = select(column.event_id, column.project_id).where(column.event_id.in_([key[0] for key in by_key]))
        for event_id, project_id in self._connection.execute(wanted) if by_key else ():
            by_key.pop((event_id, project_id), None)
        return list(by_key.values())

    # -- storms

    def _new_signatures(
        self, fresh: Sequence[DigestedEvent], known: Sequence[KnownFingerprint]
    ) -> dict[tuple[int, str], KnownFingerprint]:
        """Return signatures that no earlier event had."""
        found: dict[tuple[int, str], KnownFingerprint] = {}
        for digested, fingerprint in zip(fresh, known, strict=True):
            key = (digested.event.project_id, digested.signature)
            if digested.signature and key not in self._cache.signatures:
                found.setdefault(key, fingerprint)
        for key in self._resolver.find_signatures(found):
            self._cache.signatures[key] = 1
            found.pop(key, None)
        return found

    def _take_pending(self, signatures: Iterable[tuple[int, str]]) -> list[SampledCount]:
        """Return counts that waited for these signatures, by signature and hour."""
        wanted = set(signatures)
        if not wanted:
            return []
        pending = tables.pending_sample
        by_name = pending.c.signature.in_(sorted({name for _, name in wanted}))
        ordered = select(pending).order_by(pending.c.project_id, pending.c.signature, pending.c.hour)
        rows = self._connection.execute(ordered.where(by_name)).all()
        mine = [row for row in rows if (row.project_id, row.signature) in wanted]
        for row in mine:
            self._connection.execute(
                delete(pending).where(pending.c.project_id == row.project_id, pending.c.signature == row.signature)
            )
        return [
            SampledCount(
                project_id=row.project_id,
                signature=row.signature,
                quantity=row.quantity,
                first_at=row.first_at,
                last_at=row.last_at,
            )
            for row in mine
        ]

    def _owners(
        self, sampled: Sequence[SampledCount], signatures: dict[tuple[int, str], KnownFingerprint]
    ) -> dict[tuple[int, str], tuple[int, int]]:
        """Return fingerprint and issue of each signature."""
        owners = self._resolver.find_signatures((one.project_id, one.signature) for one in sampled)
        return owners | {key: (known.id, known.issue_id) for key, known in signatures.items()}

    def _add_sampled(self, sampled: SampledCount, owner: tuple[int, int] | None) -> None:
        if owner is None:
            first, last = to_micros(sampled.first_at), to_micros(sampled.last_at)
            row = (sampled.project_id, sampled.signature, last // HOUR_US, sampled.quantity, first, last)
            statements.ADD_PENDING.run(self._connection, [row])
            return
        fingerprint_id, issue_id = owner
        self._tally.add_sampled(fingerprint_id, sampled)
        first_seen = self._resolver.first_seen_in(sampled.project_id)
        if change := self._issues[issue_id].add_sampled(sampled, first_seen):
            self._changes.append(change)

    # -- events

    def _add_event(self, digested: DigestedEvent, known: KnownFingerprint) -> None:
        event = digested.event
        received_us = to_micros(event.received_at)
        classification = encode_json(digested.classification)
        scrubbed = encode_json(event.scrubbed)
        issue = self._issues[known.issue_id]
        is_new = issue.is_new = issue.is_new or issue.id in self._resolver.new_issue_ids
        self._resolver.new_issue_ids.discard(issue.id)
        if change := issue.add_event(digested, classification, self._resolver.first_seen_in(event.project_id)):
            self._changes.append(change)
        self._tally.add_event(known, digested, received_us)
        release_id = None
        if event.release:
            release_id = self._resolver.release_id(event.project_id, event.release)
            if release_id not in self._releases:
                self._releases[release_id] = ReleaseTally()
            self._releases[release_id].add(received_us, new_issue=is_new)
        self._event_rows.append(
            (
                event.project_id,
                known.id,
                bytes.fromhex(event.event_id),
                to_micros(event.occurred_at),
                received_us,
                LEVEL_CODES[event.level],
                max(0, min(event.status_code, _STATUS_CODE_MAX)),
                release_id,
                self._term(event.platform),
                self._term(event.environment) if event.environment else None,
                self._term(event.transaction) if event.transaction else None,
                self._term(digested.grouping.caller) if digested.grouping.caller else None,
                clean(event.user.key, _USER_CHARS_MAX),
                None if classification == known.classification else classification,
                None if scrubbed == known.scrubbed else scrubbed,
                digested.dictionary_id,
                digested.body,
            )
        )

    def _term(self, text: str) -> int:
        term_id = self._cache.terms.get(text)
        if term_id is None:
            cleaned = clean(text, _TERM_CHARS_MAX)
            term_id = self._cache.terms[text] = stable_hash(cleaned)
            self._terms[term_id] = cleaned
        return term_id

    # -- writing

    def _write_events(self, signatures: dict[tuple[int, str], KnownFingerprint]) -> None:
        statements.INSERT_TERMS.run(self._connection, sorted(self._terms.items()))
        statements.INSERT_EVENTS.run(self._connection, self._event_rows)
        rows = [(*key, known.id) for key, known in sorted(signatures.items())]
        statements.ADD_SIGNATURES.run(self._connection, rows)
        for key in signatures:
            self._cache.signatures[key] = 1

    def _write_counts(self) -> None:
        connection, tally = self._connection, self._tally
        statements.UPDATE_ISSUES.run(connection, [self._issues[key].row() for key in sorted(self._issues)])
        fingerprints = [(key, count, *tally.seen[key]) for key, count in sorted(tally.counts.items())]
        statements.UPDATE_FINGERPRINTS.run(connection, fingerprints)
        hours = [(*key, count) for key, count in sorted(tally.hours.items())]
        statements.ADD_HOURS.run(connection, hours)
        self._write_facets()
        self._write_users()
        releases = [
            (key, one.event_count, one.new_issue_count, one.first_us, one.last_us)
            for key, one in sorted(self._releases.items())
        ]
        statements.ADD_TO_RELEASES.run(connection, releases)

    def _write_facets(self) -> None:
        """Count facets; a key that has its most values already only goes on counting those."""
        rows = self._tally.facet_rows()
        distinct = Counter([row[:2] for row in rows])
        full = self._full_facets(distinct)
        if full:
            statements.COUNT_KNOWN_FACETS.run(self._connection, [row for row in rows if row[:2] in full])
            rows = [row for row in rows if row[:2] not in full]
        statements.ADD_FACETS.run(self._connection, rows)

    def _full_facets(self, distinct: Counter[tuple[int, str]]) -> set[tuple[int, str]]:
        """Return keys that have their most values.

        What is cached is an upper bound, since known values are counted again each time: when it is reached, we look.
        """
        cached = self._cache.facet_counts
        fingerprint_ids = {pair[0] for pair in distinct}
        unknown = {one for one in fingerprint_ids if one not in cached}
        reached = {one for one, key in distinct if one in cached and cached[one][key] >= DISTINCT_VALUES_MAX}
        for one, counts in self._resolver.count_facets(unknown | reached).items():
            cached[one] = counts
        counts_now = {one: cached[one] for one in fingerprint_ids}
        full = {pair for pair in distinct if counts_now[pair[0]][pair[1]] >= DISTINCT_VALUES_MAX}
        for (one, key), more in distinct.items():
            counts_now[one][key] += more
        return full

    def _write_users(self) -> None:
        rows = [(*user, counted) for user, counted in sorted(self._tally.users.items())]
        returning = "fingerprint_id, user_hash, counted"
        inserted = statements.ADD_USERS.run_returning(self._connection, rows, returning)
        new_users = [(fingerprint_id, user_hash) for fingerprint_id, user_hash, counted in inserted if counted]
        per_issue = self._resolver.count_new_users(new_users)
        statements.ADD_ISSUE_USERS.run(self._connection, sorted(per_issue.items()))

    def _write_ledger(self, batch: DigestBatch, fresh: Sequence[DigestedEvent]) -> None:
        rows: Counter[tuple[int, int, int, int, str]] = Counter()
        for (project_id, minute, category, outcome, reason), quantity in add_up(batch.ledger).items():
            rows[project_id, to_micros(minute), DATA_CATEGORY_CODES[category], OUTCOME_CODES[outcome], reason] += (
                quantity
            )
        stored = _by_minute(fresh)
        sent = stored if len(fresh) == len(batch.events) else _by_minute(batch.events)
        for (project_id, minute_us), quantity in stored.items():
            rows[project_id, minute_us, _ERROR_CODE, _ACCEPTED_CODE, ""] += quantity
        for (project_id, minute_us), quantity in (sent - stored).items():
            rows[project_id, minute_us, _ERROR_CODE, _FILTERED_CODE, "duplicate"] += quantity
        totals: Counter[tuple[int, int, int, str]] = Counter()
        for (project_id, _, category_code, outcome_code, reason), quantity in rows.items():
            totals[project_id, category_code, outcome_code, reason] += quantity
        statements.ADD_LEDGER.run(self._connection, [(*key, quantity) for key, quantity in sorted(rows.items())])
        statements.ADD_LEDGER_TOTALS.run(self._connection, [(*key, total) for key, total in sorted(totals.items())])


def _by_minute(events: Sequence[DigestedEvent]) -> Counter[tuple[int, int]]:
    counts: Counter[tuple[int, int]] = Counter()
    for digested in events:
        received_us = to_micros(digested.event.received_at)
        counts[digested.event.project_id, received_us - received_us % _MINUTE_US] += 1
    return counts
