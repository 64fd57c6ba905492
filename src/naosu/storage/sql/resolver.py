"""Finding, or making, the rows that a batch's events belong to."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, select

from naosu.domain.fingerprint import Site
from naosu.domain.issue_life import FirstSeen
from naosu.ports.store.digest import DigestedEvent
from naosu.storage.kin import Family, FingerprintKey, Place, families, move
from naosu.storage.sites import MergeSites, keep_newer, site_to_store
from naosu.storage.sql import side_tables as side
from naosu.storage.sql import statements, tables
from naosu.storage.sql.cache import DigestCache, KnownFingerprint, KnownRelease
from naosu.storage.sql.column_types import to_micros
from naosu.storage.sql.issue_maker import Home, IssueMaker
from naosu.storage.sql.moving import join_issues
from naosu.storage.sql.tallies import IssueTally

_ISSUE_COLUMNS = (
    "id",
    "project_id",
    "status",
    "resolved_at",
    "resolved_in_release",
    "resolved_in_next",
    "muted_until",
    "mute_events_left",
    "regressed_at",
    "level",
    "category",
    "severity",
    "classification",
    "first_seen_at",
    "last_seen_at",
    "first_release",
    "last_release",
    "handled",
)
_ISSUE_STATE = select(*(tables.issue.c[name] for name in _ISSUE_COLUMNS))
_decode_site = msgspec.msgpack.Decoder(Site).decode


class NotAloneError(Exception):
    """Issues have to be moved, which only a transaction that took the epoch for itself may do."""


class Resolver:
    """Looks rows up in the cache first, then in the database, and makes those that are missing."""

    def __init__(
        self, connection: Connection, cache: DigestCache, *, merge_sites: MergeSites = keep_newer, alone: bool = False
    ) -> None:
        self._connection = connection
        self._cache = cache
        self._merge_sites = merge_sites
        self._alone = alone
        self._first_seen: dict[int, FirstSeen] = {}
        self.new_issue_ids: set[int] = set()
        self.new_fingerprint_ids: set[int] = set()
        self._check_epoch()

    def _check_epoch(self) -> None:
        # The shared lock holds back merges and splits until this batch is committed; batches do not hinder each other.
        wanted = select(tables.counter.c.value).where(tables.counter.c.name == "epoch").with_for_update(read=True)
        epoch = self._connection.scalar(wanted)
        if epoch != self._cache.epoch:
            self._cache.clear(epoch or 0)

    # -- releases

    def load_releases(self, fresh: Sequence[DigestedEvent]) -> None:
        """Make sure that the events' releases exist, and are at hand."""
        first_at: dict[tuple[int, str], datetime] = {}
        for digested in fresh:
            event = digested.event
            key = (event.project_id, event.release)
            if event.release and key not in self._cache.releases:
                first_at[key] = min(first_at.get(key, event.received_at), event.received_at)
        if not first_at:
            return
        rows = [(*key, to_micros(at), "", b"[]", 0, 0) for key, at in sorted(first_at.items())]
        statements.ADD_RELEASES.run(self._connection, rows)
        self._read_releases(first_at)

    def _read_releases(self, keys: Iterable[tuple[int, str]]) -> None:
        column = side.release.c
        versions = sorted({version for _, version in keys})
        wanted = select(column.project_id, column.version, column.id, column.created_at)
        for row in self._connection.execute(wanted.where(column.version.in_(versions))):
            self._cache.releases[row.project_id, row.version] = KnownRelease(row.id, row.created_at)

    def release_id(self, project_id: int, version: str) -> int:
        """Return the id of a release that was loaded."""
        return self._cache.releases[project_id, version].id

    def first_seen_in(self, project_id: int) -> FirstSeen:
        """Return what tells when a release of the project was first heard of."""
        if project_id in self._first_seen:
            return self._first_seen[project_id]

        def first_seen(version: str) -> datetime | None:
            key = (project_id, version)
            if key not in self._cache.releases:
                self._read_releases([key])
            known = self._cache.releases.get(key)
            return known.created_at if known else None

        self._first_seen[project_id] = first_seen
        return first_seen

    # -- fingerprints and issues

    def load_fingerprints(self, fresh: Sequence[DigestedEvent]) -> list[KnownFingerprint]:
        """Return the fingerprint of each event, having made the issues of those that nobody knew.

        Raises:
            NotAloneError: Issues have to be moved; nothing was written.
        """
        keys = [(digested.event.project_id, digested.grouping.fingerprint) for digested in fresh]
        learnt = [
            digested
            for key, digested in zip(keys, fresh, strict=True)
            if digested.grouping.absorbed and self._cache.settled.get(key) != digested.grouping.absorbed
        ]
        kin = families(learnt)
        self._read_fingerprints({*keys, *(key for family in kin for key in family)})
        if missing := self._missing(keys, fresh):
            self._lock_projects({project_id for project_id, _ in missing})
            older = {(key[0], name) for key, digested in missing.items() for name in digested.grouping.previous}
            self._read_fingerprints({*missing, *older, *(key for family in kin for key in family)})
            missing = self._missing(keys, fresh)
        homes = self._settle(kin)
        if missing:
            made = IssueMaker(self._connection, self._cache.fingerprints).make(missing, homes)
            self.new_issue_ids.update(made)
            self._read_fingerprints(missing)
            self.new_fingerprint_ids.update(self._cache.fingerprints[key].id for key in missing)
        self._remember_settled(learnt)
        return [self._cache.fingerprints[key] for key in keys]

    def _missing(
        self, keys: Sequence[FingerprintKey], fresh: Sequence[DigestedEvent]
    ) -> dict[FingerprintKey, DigestedEvent]:
        missing: dict[FingerprintKey, DigestedEvent] = {}
        for key, digested in zip(keys, fresh, strict=True):
            if key not in self._cache.fingerprints:
                missing.setdefault(key, digested)
        return missing

    def _lock_projects(self, ids: set[int]) -> None:
        """Let one digester at a time make issues of a project; another may have made ours while we waited."""
        column = tables.project.c
        wanted = select(column.id).where(column.id.in_(ids)).order_by(column.id).with_for_update()
        self._connection.execute(wanted).all()

    def _settle(self, kin: Iterable[Family]) -> dict[FingerprintKey, Home]:
        """Move each family's issues into one, and return where those of its fingerprints belong that are missing.

        The issue that they end in keeps its title: it is the text of its first event, and that does not change.
        """
        homes: dict[FingerprintKey, Home] = {}
        for family in kin:
            known = [self._cache.fingerprints[key] for key in family if key in self._cache.fingerprints]
            moving = move([Place(one.issue_id, one.pinned) for one in known])
            if moving.issue_id is not None and moving.sources:
                if not self._alone:
                    raise NotAloneError
                join_issues(self._connection, moving.issue_id, moving.sources, pinned=moving.pinned)
                self._moved(moving.sources, to=moving.issue_id, pinned=moving.pinned)
            homes.update(dict.fromkeys(family, Home(moving.issue_id, moving.pinned)))
        return homes

    def _moved(self, sources: Sequence[int], *, to: int, pinned: int) -> None:
        for key, known in self._cache.fingerprints.items():
            if known.issue_id in sources:
                self._cache.fingerprints[key] = known._replace(issue_id=to, pinned=pinned)

    def _remember_settled(self, learnt: Iterable[DigestedEvent]) -> None:
        """Do not look again, unless one was never seen here: another digester may still make it."""
        for digested in learnt:
            project_id, grouping = digested.event.project_id, digested.grouping
            if all((project_id, name) in self._cache.fingerprints for name in grouping.absorbed):
                self._cache.settled[project_id, grouping.fingerprint] = grouping.absorbed

    def _read_fingerprints(self, wanted_keys: Iterable[FingerprintKey]) -> None:
        keys = {key for key in wanted_keys if key not in self._cache.fingerprints}
        if not keys:
            return
        table = tables.fingerprint
        column = table.c
        wanted = select(
            column.project_id,
            column.fingerprint,
            column.id,
            column.issue_id,
            column.classification,
            column.scrubbed,
            column.pinned,
        ).where(
            column.project_id.in_({project_id for project_id, _ in keys}),
            column.fingerprint.in_({one for _, one in keys}),
        )
        for row in self._connection.execute(wanted):
            self._cache.fingerprints[row.project_id, row.fingerprint] = KnownFingerprint(*row[2:])

    def load_issues(self, issue_ids: set[int]) -> dict[int, IssueTally]:
        """Return the issues as they are now, held against changes by others until the batch is stored."""
        if not issue_ids:
            return {}
        wanted = _ISSUE_STATE.where(tables.issue.c.id.in_(sorted(issue_ids))).order_by(tables.issue.c.id)
        rows = self._connection.execute(wanted.with_for_update()).mappings()
        return {row["id"]: IssueTally(row) for row in rows}

    # -- the rest

    def find_signatures(self, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], tuple[int, int]]:
        """Return fingerprint id and issue id of those signatures that are known."""
        wanted = set(keys)
        if not wanted:
            return {}
        signature, fingerprint = tables.signature, tables.fingerprint
        rows = self._connection.execute(
            select(signature.c.project_id, signature.c.signature, fingerprint.c.id, fingerprint.c.issue_id)
            .join(fingerprint, fingerprint.c.id == signature.c.fingerprint_id)
            .where(
                signature.c.project_id.in_({project_id for project_id, _ in wanted}),
                signature.c.signature.in_({name for _, name in wanted}),
            )
        )
        found = {(row[0], row[1]): (row[2], row[3]) for row in rows}
        return {key: owner for key, owner in found.items() if key in wanted}

    def count_facets(self, fingerprint_ids: set[int]) -> dict[int, Counter[str]]:
        """Return how many distinct values each key of these fingerprints has."""
        counts: dict[int, Counter[str]] = {one: Counter() for one in fingerprint_ids}
        old = fingerprint_ids - self.new_fingerprint_ids
        if old:
            column = tables.facet.c
            rows = self._connection.execute(
                select(column.fingerprint_id, column.key, func.count())
                .where(column.fingerprint_id.in_(old))
                .group_by(column.fingerprint_id, column.key)
            )
            for fingerprint_id, key, count in rows:
                counts[fingerprint_id][key] = count
        return counts

    def count_new_users(self, new_users: Sequence[tuple[int, int]]) -> Counter[int]:
        """Return how many of these are new to their whole issue, by issue id."""
        counts: Counter[int] = Counter()
        if not new_users:
            return counts
        mine, other = tables.fingerprint, tables.fingerprint.alias()
        ids = {fingerprint_id for fingerprint_id, _ in new_users}
        rows = self._connection.execute(
            select(mine.c.id, mine.c.issue_id, other.c.id)
            .join(other, (other.c.issue_id == mine.c.issue_id) & (other.c.id != mine.c.id), isouter=True)
            .where(mine.c.id.in_(ids))
        ).all()
        issue_of = {row[0]: row[1] for row in rows}
        siblings: dict[int, set[int]] = {}
        for fingerprint_id, _, sibling_id in rows:
            if sibling_id is not None:
                siblings.setdefault(fingerprint_id, set()).add(sibling_id)
        fresh: set[tuple[int, int]] = set()
        given = set(new_users)
        for fingerprint_id, user_hash in new_users:
            others = siblings.get(fingerprint_id, set())
            # Those that know the user only since this batch do not count.
            if all((one, user_hash) in given for one in self._users_among(others, user_hash)):
                fresh.add((issue_of[fingerprint_id], user_hash))
        counts.update(issue_id for issue_id, _ in fresh)
        return counts

    def _users_among(self, fingerprint_ids: set[int], user_hash: int) -> list[int]:
        if not fingerprint_ids:
            return []
        column = tables.fingerprint_user.c
        mine = (column.fingerprint_id.in_(fingerprint_ids), column.user_hash == user_hash, column.counted)
        return list(self._connection.scalars(select(column.fingerprint_id).where(*mine)))

    def put_sites(self, sites: Sequence[tuple[int, Site]]) -> None:
        """Store what was learnt, joined with what another digester learnt meanwhile."""
        learnt = {(project_id, site.site_key): site for project_id, site in sites}
        if not learnt:
            return
        column = tables.site.c
        wanted = select(column.project_id, column.site_key, column.state).where(
            column.project_id.in_({key[0] for key in learnt}), column.site_key.in_({key[1] for key in learnt})
        )
        ordered = wanted.order_by(column.project_id, column.site_key).with_for_update()
        stored = {(row[0], row[1]): _decode_site(row[2]) for row in self._connection.execute(ordered)}
        rows = [
            (*key, msgspec.msgpack.encode(site_to_store(stored.get(key), site, self._merge_sites)))
            for key, site in sorted(learnt.items())
        ]
        statements.PUT_SITES.run(self._connection, rows)
