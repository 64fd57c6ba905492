"""Ledger, dead letters, retention and releases in memory."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from naosu.domain.dead_letter import DeadLetter
from naosu.domain.errors import ConflictError, NotFoundError
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.project import Retention
from naosu.domain.release import Deploy, Release
from naosu.ports.store.operations import Totals
from naosu.storage.ledger_keys import RECEIPTS_KEPT, ROLL_UP_AFTER, LedgerKey, TotalParts, hour_of
from naosu.storage.memory.shelves import KeptEvent, OnShelves, Shelves
from naosu.storage.thinning import ISSUES_LOOKED_AT, share, with_twins

_replace = msgspec.structs.replace


class MemoryOperations(OnShelves):
    """What keeps a server honest."""

    def totals(self, project_id: int | None = None) -> Totals:
        """Return counts since the beginning."""
        shelves = self._shelves
        with shelves.lock:
            quantities: Counter[tuple[DataCategory, Outcome, str]] = Counter()
            for (of_project, _, category, outcome, reason), quantity in shelves.ledger_totals.items():
                if project_id in {None, of_project}:
                    quantities[category, outcome, reason] += quantity
            issues = [one for one in shelves.issues.values() if project_id in {None, one.project_id}]
            dead = [one for one in shelves.dead_letters.values() if project_id in {None, one.project_id}]
            parts = TotalParts(quantities)
            return Totals(
                event_count=parts.event_count,
                accepted=parts.accepted,
                dropped=parts.dropped,
                sampled=parts.sampled,
                lost_by_client=parts.lost_by_client,
                dead_count=len(dead),
                issue_count=len(issues),
                stored_event_count=sum(issue.stored_count for issue in issues),
            )

    def ledger(self, *, since: datetime, project_id: int | None = None) -> list[LedgerEntry]:
        """Return entries by minute, oldest first (older than two days: by hour)."""
        with self._shelves.lock:
            items = sorted(self._shelves.ledger.items(), key=lambda item: (item[0][1], item[0]))
            return [
                LedgerEntry(
                    project_id=of_project,
                    minute=minute,
                    category=category,
                    outcome=outcome,
                    reason=reason,
                    quantity=quantity,
                )
                for (of_project, minute, category, outcome, reason), quantity in items
                if minute >= since and project_id in {None, of_project}
            ]

    def list_dead_letters(self, *, limit: int = 100, before_id: int | None = None) -> list[DeadLetter]:
        """Return dead letters, newest first."""
        with self._shelves.lock:
            letters = reversed(self._shelves.dead_letters.values())
            return [letter for letter in letters if before_id is None or letter.id < before_id][:limit]

    def get_dead_letter(self, dead_letter_id: int) -> DeadLetter:
        """Return one. Raises NotFoundError."""
        with self._shelves.lock:
            letter = self._shelves.dead_letters.get(dead_letter_id)
        if letter is None:
            raise NotFoundError(f"There is no dead letter {dead_letter_id}.")
        return letter

    def remove_dead_letters(self, ids: Sequence[int]) -> int:
        """Remove these (redriven or given up), and return how many there were."""
        with self._shelves.lock:
            self._shelves.changes += 1
            return sum(self._shelves.dead_letters.pop(letter_id, None) is not None for letter_id in set(ids))

    def change_mark(self) -> str:
        """Return a text that differs after anything visible changed."""
        return str(self._shelves.changes)

    def evict(self, project_id: int, retention: Retention, *, now: datetime, step_events_max: int = 500) -> int:
        """Remove at most one step of events beyond the retention, and return how many went."""
        shelves = self._shelves
        with shelves.lock:
            cutoff = now - timedelta(days=retention.days)
            self._forget_empty_issues(project_id, cutoff)
            kept = [one for one in shelves.events.values() if one.event.project_id == project_id]
            going = [one for one in kept if one.event.received_at < cutoff][:step_events_max]
            if not going:
                excess = min(len(kept) - retention.events_max, step_events_max)
                going = _least_informative(kept, excess) if excess > 0 else []
            for one in going:
                _forget(shelves, one)
            gone = len(going) + self._evict_telemetry(project_id, retention, cutoff, step_events_max)
            shelves.changes += bool(gone)
            return gone

    def _evict_telemetry(self, project_id: int, retention: Retention, cutoff: datetime, step_max: int) -> int:
        shelves = self._shelves
        kept: Sequence[tuple[list[Any], str]] = (
            (shelves.transactions, "started_at"),
            (shelves.check_ins, "received_at"),
            (shelves.logs, "logged_at"),
        )
        gone = 0
        for rows, name in kept:
            mine = sorted((getattr(row, name), at) for at, row in enumerate(rows) if row.project_id == project_id)
            excess = len(mine) - retention.events_max
            going = [at for number, (moment, at) in enumerate(mine[:step_max]) if moment < cutoff or number < excess]
            for at in sorted(going, reverse=True):
                del rows[at]
            gone += len(going)
        return gone

    def _forget_empty_issues(self, project_id: int, cutoff: datetime) -> None:
        """An issue of which nothing is kept, and that was not seen since the cutoff, is forgotten."""
        shelves = self._shelves
        for issue in list(shelves.issues.values()):
            if issue.project_id == project_id and not issue.stored_count and issue.last_seen_at < cutoff:
                kept = shelves.fingerprints_of(issue.id)
                for one in kept:
                    del shelves.fingerprints[project_id, one.fingerprint]
                gone = {id(one) for one in kept}
                shelves.signatures = {key: one for key, one in shelves.signatures.items() if id(one) not in gone}
                del shelves.issues[issue.id]
                shelves.changes += 1
                shelves.aliases = {name: one for name, one in shelves.aliases.items() if one != issue.id}

    def compact(self, *, now: datetime) -> None:
        """Roll up old ledger minutes to hours, drop old receipts and expired sessions, give free pages back."""
        shelves = self._shelves
        with shelves.lock:
            rolled: Counter[LedgerKey] = Counter()
            for (project_id, minute, category, outcome, reason), quantity in shelves.ledger.items():
                start = hour_of(minute) if minute < hour_of(now - ROLL_UP_AFTER) else minute
                rolled[project_id, start, category, outcome, reason] += quantity
            shelves.ledger = rolled
            kept_since = now - RECEIPTS_KEPT
            shelves.receipts = {key: at for key, at in shelves.receipts.items() if at >= kept_since}
            shelves.sessions = {key: one for key, one in shelves.sessions.items() if one.expires_at > now}

    def reset_errors(self, project_id: int | None = None) -> None:
        """Forget issues, events, counts and the ledger; keep projects, keys, accounts and settings."""
        shelves = self._shelves
        with shelves.lock:
            for kept in [one for one in shelves.events.values() if project_id in {None, one.event.project_id}]:
                _forget(shelves, kept)
            for issue in [one for one in shelves.issues.values() if project_id in {None, one.project_id}]:
                del shelves.issues[issue.id]
            _drop(shelves.aliases, project_id)
            _drop(shelves.fingerprints, project_id)
            _drop(shelves.signatures, project_id)
            _drop(shelves.pending, project_id)
            _drop(shelves.sites, project_id)
            _drop(shelves.ledger, project_id)
            _drop(shelves.ledger_totals, project_id)
            shelf: Sequence[list[Any]] = (shelves.transactions, shelves.check_ins, shelves.logs, shelves.attachments)
            for rows in shelf:
                rows[:] = [row for row in rows if project_id not in {None, row.project_id}]
            for letter in [one for one in shelves.dead_letters.values() if project_id in {None, one.project_id}]:
                del shelves.dead_letters[letter.id]
            for release in [one for one in shelves.releases.values() if project_id in {None, one.project_id}]:
                shelves.releases[release.id] = _replace(
                    release, first_event_at=None, last_event_at=None, event_count=0, new_issue_count=0
                )
            shelves.changes += 1


class MemoryReleases(OnShelves):
    """Releases and deploys."""

    def upsert_release(
        self,
        project_id: int,
        version: str,
        *,
        now: datetime,
        released_at: datetime | None = None,
        url: str | None = None,
        refs: bytes | None = None,
    ) -> Release:
        """Make it, or change what is given."""
        shelves = self._shelves
        given = {"released_at": released_at, "url": url, "refs": refs}
        with shelves.lock:
            release = shelves.find_release(project_id, version) or Release(
                id=shelves.new_id(), project_id=project_id, version=version, created_at=now
            )
            shelves.changes += 1
            changed = _replace(release, **{name: value for name, value in given.items() if value is not None})
            shelves.releases[release.id] = changed
            return changed

    def list_releases(
        self, project_id: int | None = None, *, limit: int = 100, version_contains: str = ""
    ) -> list[Release]:
        """Return releases, newest first."""
        with self._shelves.lock:
            found = [
                release
                for release in self._shelves.releases.values()
                if project_id in {None, release.project_id} and version_contains in release.version
            ]
        return sorted(found, key=lambda release: (release.created_at, release.id), reverse=True)[:limit]

    def get_release(self, project_id: int, version: str) -> Release:
        """Return one. Raises NotFoundError."""
        with self._shelves.lock:
            release = self._shelves.find_release(project_id, version)
        if release is None:
            raise NotFoundError(f"There is no release {version}.")
        return release

    def delete_release(self, project_id: int, version: str) -> None:
        """Forget one that has no events. Raises NotFoundError, ConflictError."""
        with self._shelves.lock:
            release = self.get_release(project_id, version)
            if release.event_count:
                raise ConflictError(f"Release {version} has events.")
            self._shelves.changes += 1
            del self._shelves.releases[release.id]
            for deploy in self.list_deploys(release.id):
                del self._shelves.deploys[deploy.id]

    def add_deploy(
        self,
        release_id: int,
        *,
        environment: str,
        name: str = "",
        url: str = "",
        started_at: datetime | None = None,
        finished_at: datetime | None = None,
    ) -> Deploy:
        """Say that a release went live."""
        with self._shelves.lock:
            if release_id not in self._shelves.releases:
                raise NotFoundError(f"There is no release {release_id}.")
            deploy = Deploy(
                id=self._shelves.new_id(),
                release_id=release_id,
                environment=environment,
                name=name,
                url=url,
                started_at=started_at,
                finished_at=finished_at,
            )
            self._shelves.changes += 1
            self._shelves.deploys[deploy.id] = deploy
            return deploy

    def list_deploys(self, release_id: int) -> list[Deploy]:
        """Return its deploys, newest first."""
        with self._shelves.lock:
            return [one for one in reversed(self._shelves.deploys.values()) if one.release_id == release_id]


def _least_informative(kept: list[KeptEvent], excess: int) -> list[KeptEvent]:
    """Return events of the biggest issues that are neither first, nor last, nor the only one of something."""
    by_issue: dict[int, list[KeptEvent]] = {}
    for one in kept:
        by_issue.setdefault(one.fingerprint.issue_id, []).append(one)
    biggest = sorted(by_issue.items(), key=lambda issue: (-len(issue[1]), issue[0]))[:ISSUES_LOOKED_AT]
    going: set[int] = set()
    for _, events in biggest:
        facts = [(one.id, one.event.release, one.event.environment) for one in events[1:-1]]
        going.update(with_twins(facts, share(len(events), excess - len(going))))
        if len(going) == excess:
            break
    return [one for one in kept if one.id in going]


def _forget(shelves: Shelves, kept: KeptEvent) -> None:
    key = (kept.event.project_id, kept.event.event_id)
    del shelves.events[kept.id], shelves.event_ids[key]
    shelves.attachments = [one for one in shelves.attachments if (one.project_id, one.event_id) != key]
    issue = shelves.issues[kept.fingerprint.issue_id]
    shelves.issues[issue.id] = _replace(issue, stored_count=issue.stored_count - 1)


def _drop(rows: dict[Any, Any], project_id: int | None) -> None:
    for key in [key for key in rows if project_id in {None, key[0]}]:
        del rows[key]
