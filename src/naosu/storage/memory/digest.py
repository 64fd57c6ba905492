"""Recording batches in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from naosu.domain.classification import Category
from naosu.domain.event import Event
from naosu.domain.fingerprint import Site
from naosu.domain.issue import ChangeKind, Issue, IssueChange
from naosu.domain.issue_life import after_events, joined_by, state_of
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.release import Release
from naosu.domain.report import SampledCount
from naosu.ports.store.digest import CompressionDictionary, DigestBatch, DigestedEvent
from naosu.storage.bodies import BodyReader
from naosu.storage.facets import DISTINCT_VALUES_MAX, TITLE_CHARS_MAX, clean, clean_facet, facets_of, user_names
from naosu.storage.kin import Family, FingerprintKey, Move, Pinned, Place, families, move
from naosu.storage.ledger_keys import add_up, hour_of
from naosu.storage.memory.moving import move_issues
from naosu.storage.memory.shelves import FacetCount, KeptEvent, KeptFingerprint, OnShelves
from naosu.storage.sites import site_to_store

_replace = msgspec.structs.replace

Kin = dict[FingerprintKey, Family]


class MemoryDigest(OnShelves):
    """The digester's part."""

    def record(self, batch: DigestBatch, *, now: datetime) -> list[IssueChange]:
        """Store the whole batch."""
        shelves = self._shelves
        with shelves.lock:
            shelves.changes += 1
            kin = self._settle(self._fresh(batch.events))
            changes = [change for digested in batch.events for change in self._record_event(digested, kin)]
            for sampled in (*self._take_pending(), *batch.sampled):
                changes.extend(self._record_sampled(sampled))
            self._count(batch.ledger)
            shelves.receipts.update(dict.fromkeys(batch.delivery_ids, now))
            shelves.attachments.extend(batch.attachments)
            shelves.transactions.extend(batch.transactions)
            shelves.check_ins.extend(batch.check_ins)
            shelves.logs.extend(batch.logs)
            for letter in batch.dead_letters:
                letter_id = shelves.new_id()
                shelves.dead_letters[letter_id] = _replace(letter, id=letter_id)
            for project_id, site in batch.sites:
                key = (project_id, site.site_key)
                shelves.sites[key] = site_to_store(shelves.sites.get(key), site, shelves.merge_sites)
            return changes

    def _fresh(self, events: Sequence[DigestedEvent]) -> list[DigestedEvent]:
        by_id: dict[tuple[int, str], DigestedEvent] = {}
        for digested in events:
            by_id.setdefault((digested.event.project_id, digested.event.event_id), digested)
        return [digested for key, digested in by_id.items() if key not in self._shelves.event_ids]

    def _settle(self, fresh: Sequence[DigestedEvent]) -> Kin:
        """Move each family's issues into one, which keeps its title, and return the families."""
        kin: Kin = {}
        for family in families(fresh):
            moving = move([Place(one.issue_id, one.pinned) for one in self._known(family)])
            if moving.issue_id is not None:
                self._join(moving.issue_id, moving)
            kin.update(dict.fromkeys(family, family))
        return kin

    def _known(self, family: Family) -> list[KeptFingerprint]:
        return [self._shelves.fingerprints[key] for key in family if key in self._shelves.fingerprints]

    def _join(self, target_id: int, moving: Move) -> None:
        if not moving.sources:
            return
        issues = self._shelves.issues
        target, sources = issues[target_id], [issues[source_id] for source_id in moving.sources]
        state = joined_by(state_of(target), [state_of(source) for source in sources])
        for source in sources:
            for one in self._shelves.fingerprints_of(source.id):
                one.pinned = moving.pinned
        move_issues(self._shelves, _replace(target, **msgspec.structs.asdict(state)), sources)

    def _record_event(self, digested: DigestedEvent, kin: Kin) -> list[IssueChange]:
        event = digested.event
        key = (event.project_id, event.event_id)
        if key in self._shelves.event_ids:
            self._count([_ledger_entry(event, Outcome.FILTERED, "duplicate")])
            return []
        self._count([_ledger_entry(event, Outcome.ACCEPTED, "")])
        kept, is_new = self._fingerprint(digested, kin)
        self._keep(digested, kept)
        self._add_to_release(event, new_issue=is_new)
        self._add_to_fingerprint(digested, kept)
        if digested.signature:
            self._shelves.signatures.setdefault((event.project_id, digested.signature), kept)
        return self._add_to_issue(digested, kept, is_new=is_new)

    def _fingerprint(self, digested: DigestedEvent, kin: Kin) -> tuple[KeptFingerprint, bool]:
        """Return the fingerprint's shelf, and whether an issue was made for it."""
        shelves, event, grouping = self._shelves, digested.event, digested.grouping
        known = shelves.fingerprints.get((event.project_id, grouping.fingerprint))
        if known is not None:
            return known, False
        family = kin.get((event.project_id, grouping.fingerprint), ())
        home = move([Place(one.issue_id, one.pinned) for one in self._known(family)])
        older = [shelves.fingerprints.get((event.project_id, name)) for name in grouping.previous]
        before = next((Place(one.issue_id, one.pinned) for one in older if one is not None), None)
        place = before if home.issue_id is None else Place(home.issue_id, home.pinned)
        kept = KeptFingerprint(
            project_id=event.project_id,
            fingerprint=grouping.fingerprint,
            issue_id=place.issue_id if place else self._new_issue(digested),
            pinned=place.pinned if place else Pinned.NO,
            title=clean(grouping.title, TITLE_CHARS_MAX),
            parts_json=msgspec.json.encode(grouping.parts),
            first_seen_at=event.received_at,
            last_seen_at=event.received_at,
        )
        shelves.fingerprints[event.project_id, grouping.fingerprint] = kept
        return kept, place is None

    def _new_issue(self, digested: DigestedEvent) -> int:
        shelves, event, grouping = self._shelves, digested.event, digested.grouping
        project = shelves.projects.get(event.project_id)
        shelves.issue_numbers[event.project_id] += 1
        issue = Issue(
            id=shelves.new_id(),
            project_id=event.project_id,
            project_slug=project.slug if project else "",
            number=shelves.issue_numbers[event.project_id],
            title=clean(grouping.title, TITLE_CHARS_MAX),
            culprit=clean(grouping.culprit, TITLE_CHARS_MAX),
            level=event.level,
            platform=event.platform,
            classification=digested.classification,
            first_seen_at=event.received_at,
            last_seen_at=event.received_at,
        )
        shelves.issues[issue.id] = issue
        return issue.id

    def _keep(self, digested: DigestedEvent, kept: KeptFingerprint) -> None:
        event_key = self._shelves.new_id()
        self._shelves.event_ids[digested.event.project_id, digested.event.event_id] = event_key
        self._shelves.events[event_key] = KeptEvent(
            id=event_key,
            event=_replace(digested.event, exceptions=(), stack=(), payload=b""),
            fingerprint=kept,
            classification=digested.classification,
            caller=digested.grouping.caller,
            body=digested.body,
            dictionary_id=digested.dictionary_id,
        )

    def _add_to_fingerprint(self, digested: DigestedEvent, kept: KeptFingerprint) -> None:
        event = digested.event
        kept.event_count += 1
        kept.hours[hour_of(event.received_at)] += 1
        kept.first_seen_at = min(kept.first_seen_at, event.received_at)
        kept.last_seen_at = max(kept.last_seen_at, event.received_at)
        names = user_names(event.user)
        kept.users.update(names[:1])
        kept.user_names.update(names)
        for facet_pair in facets_of(event, digested.grouping.caller).items():
            kept_pair = clean_facet(*facet_pair)
            if kept_pair is None:
                continue
            key, value = kept_pair
            values = kept.facets.setdefault(key, {})
            if value not in values and len(values) >= DISTINCT_VALUES_MAX:
                continue
            facet = values.setdefault(value, FacetCount(0, event.received_at))
            facet.count += 1
            facet.last_seen_at = max(facet.last_seen_at, event.received_at)

    def _add_to_issue(self, digested: DigestedEvent, kept: KeptFingerprint, *, is_new: bool) -> list[IssueChange]:
        event, issue = digested.event, self._shelves.issues[kept.issue_id]
        first_seen = self._first_seen_in(event.project_id)
        state, kind = after_events(
            state_of(issue), received_at=event.received_at, release=event.release, first_seen=first_seen
        )
        known = issue.classification.category is Category.UNKNOWN or (
            digested.classification.category is not Category.UNKNOWN
        )
        handled = event.exceptions[-1].handled if event.exceptions else None
        users = {user for one in self._shelves.fingerprints_of(issue.id) for user in one.users}
        self._shelves.issues[issue.id] = _replace(
            issue,
            **msgspec.structs.asdict(state),
            level=event.level,
            classification=digested.classification if known else issue.classification,
            first_seen_at=min(issue.first_seen_at, event.received_at),
            last_seen_at=max(issue.last_seen_at, event.received_at),
            event_count=issue.event_count + 1,
            stored_count=issue.stored_count + 1,
            user_count=len(users),
            first_release=issue.first_release or event.release,
            last_release=event.release or issue.last_release,
            handled=issue.handled if handled is None else handled,
        )
        kind = ChangeKind.NEW if is_new else kind
        return [_change(kind, issue, event.event_id, event.received_at)] if kind else []

    def _first_seen_in(self, project_id: int) -> "_FirstSeen":
        return _FirstSeen(self, project_id)

    def _add_to_release(self, event: Event, *, new_issue: bool) -> None:
        if not event.release:
            return
        release = self._shelves.find_release(event.project_id, event.release)
        if release is None:
            release = Release(
                id=self._shelves.new_id(),
                project_id=event.project_id,
                version=event.release,
                created_at=event.received_at,
            )
        self._shelves.releases[release.id] = _replace(
            release,
            first_event_at=min(release.first_event_at or event.received_at, event.received_at),
            last_event_at=max(release.last_event_at or event.received_at, event.received_at),
            event_count=release.event_count + 1,
            new_issue_count=release.new_issue_count + new_issue,
        )

    def _take_pending(self) -> list[SampledCount]:
        """Return counts that waited for signatures that are known now, by signature and hour."""
        pending = self._shelves.pending
        return [pending.pop(key) for key in sorted(pending) if key[:2] in self._shelves.signatures]

    def _wait(self, sampled: SampledCount) -> None:
        key = (sampled.project_id, sampled.signature, hour_of(sampled.last_at))
        other = self._shelves.pending.get(key, _replace(sampled, quantity=0))
        self._shelves.pending[key] = _replace(
            sampled,
            quantity=sampled.quantity + other.quantity,
            first_at=min(sampled.first_at, other.first_at),
            last_at=max(sampled.last_at, other.last_at),
        )

    def _record_sampled(self, sampled: SampledCount) -> list[IssueChange]:
        key = (sampled.project_id, sampled.signature)
        kept = self._shelves.signatures.get(key)
        if kept is None:
            self._wait(sampled)
            return []
        kept.event_count += sampled.quantity
        kept.hours[hour_of(sampled.last_at)] += sampled.quantity
        kept.first_seen_at = min(kept.first_seen_at, sampled.first_at)
        kept.last_seen_at = max(kept.last_seen_at, sampled.last_at)
        issue = self._shelves.issues[kept.issue_id]
        state, kind = after_events(
            state_of(issue),
            received_at=sampled.last_at,
            release=issue.last_release,
            first_seen=self._first_seen_in(sampled.project_id),
            quantity=sampled.quantity,
        )
        self._shelves.issues[issue.id] = _replace(
            issue,
            **msgspec.structs.asdict(state),
            event_count=issue.event_count + sampled.quantity,
            first_seen_at=min(issue.first_seen_at, sampled.first_at),
            last_seen_at=max(issue.last_seen_at, sampled.last_at),
        )
        return [_change(kind, issue, "", sampled.last_at)] if kind else []

    def _count(self, entries: Sequence[LedgerEntry]) -> None:
        quantities = add_up(entries)
        self._shelves.ledger.update(quantities)
        self._shelves.ledger_totals.update(quantities)

    def already_recorded(self, delivery_ids: Sequence[str]) -> set[str]:
        """Return those that an earlier `record` has stored."""
        with self._shelves.lock:
            return {delivery_id for delivery_id in delivery_ids if delivery_id in self._shelves.receipts}

    def load_sites(self, project_id: int, site_keys: Sequence[str]) -> Mapping[str, Site]:
        """Return what was learnt of these sites; unknown ones are absent."""
        with self._shelves.lock:
            found = {key: self._shelves.sites.get((project_id, key)) for key in site_keys}
            return {key: site for key, site in found.items() if site is not None}

    def newest_dictionary(self) -> CompressionDictionary | None:
        """Return the dictionary to compress with. None: none was trained yet."""
        with self._shelves.lock:
            return self._shelves.dictionaries[-1] if self._shelves.dictionaries else None

    def add_dictionary(self, content: bytes, *, now: datetime) -> CompressionDictionary:
        """Keep a newly trained dictionary for ever."""
        with self._shelves.lock:
            number = len(self._shelves.dictionaries) + 1
            self._shelves.dictionaries.append(CompressionDictionary(id=number, content=content, created_at=now))
            return self._shelves.dictionaries[-1]

    def sample_payloads(self, limit: int) -> list[bytes]:
        """Return scrubbed payloads of recent events, decompressed, spread over issues, to train a dictionary."""
        with self._shelves.lock:
            by_issue: dict[int, list[KeptEvent]] = {}
            for kept in reversed(self._shelves.events.values()):
                by_issue.setdefault(kept.fingerprint.issue_id, []).append(kept)
            ranked = [(rank, kept) for events in by_issue.values() for rank, kept in enumerate(events)]
            ranked.sort(key=lambda pair: pair[0])
            return [self._payload(kept) for _, kept in ranked[:limit]]

    def _payload(self, kept: KeptEvent) -> bytes:
        dictionaries = {dictionary.id: dictionary.content for dictionary in self._shelves.dictionaries}
        return BodyReader(dictionaries.get).read(kept.body, kept.dictionary_id)


class _FirstSeen:
    """Tells when a release of one project was first heard of."""

    def __init__(self, digest: MemoryDigest, project_id: int) -> None:
        self._shelves = digest._shelves
        self._project_id = project_id

    def __call__(self, version: str) -> datetime | None:
        release = self._shelves.find_release(self._project_id, version)
        return release.created_at if release else None


def _change(kind: ChangeKind, issue: Issue, event_id: str, at: datetime) -> IssueChange:
    return IssueChange(kind=kind, issue_id=issue.id, project_id=issue.project_id, event_id=event_id, at=at)


def _ledger_entry(event: Event, outcome: Outcome, reason: str) -> LedgerEntry:
    return LedgerEntry(
        project_id=event.project_id,
        minute=event.received_at,
        category=DataCategory.ERROR,
        outcome=outcome,
        reason=reason,
        quantity=1,
    )
