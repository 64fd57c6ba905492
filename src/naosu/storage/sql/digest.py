"""The digester's part of a SQL store."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from naosu.domain.errors import StoreUnavailableError
from naosu.domain.fingerprint import Site
from naosu.domain.issue import IssueChange
from naosu.ports.store.digest import CompressionDictionary, DigestBatch
from naosu.storage.receipts import split_id
from naosu.storage.sql import tables
from naosu.storage.sql.recorder import Recorder
from naosu.storage.sql.resolver import NotAloneError
from naosu.storage.sql.session import SqlPart, as_unavailable, bump

_ATTEMPTS_MAX = 4
_SAMPLED_EVENTS_MAX = 50_000
_POSTGRES_TRY_AGAIN = {"40001", "40P01"}  # serialization failure, deadlock


class SqlDigest(SqlPart):
    """Recording, and what the digester asks."""

    def record(self, batch: DigestBatch, *, now: datetime) -> list[IssueChange]:
        """Store the whole batch in one transaction, or nothing."""
        for attempt in range(1, _ATTEMPTS_MAX + 1):
            try:
                return self._record_once(batch, now)
            except DBAPIError as error:
                # Another digester stored the same event, or we locked each other out: it looks different now.
                collided = isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", "") in (
                    _POSTGRES_TRY_AGAIN
                )
                if collided and attempt < _ATTEMPTS_MAX:
                    continue
                unavailable = as_unavailable(error)
                if unavailable is None:
                    raise
                raise unavailable from error
        raise StoreUnavailableError("Other digesters are always quicker.")

    def _record_once(self, batch: DigestBatch, now: datetime) -> list[IssueChange]:
        try:
            return self._record_in_one(batch, now, alone=False)
        except NotAloneError:
            # To take the epoch later in the transaction could lock out, and be locked out by, another digester.
            return self._record_in_one(batch, now, alone=True)

    def _record_in_one(self, batch: DigestBatch, now: datetime, *, alone: bool) -> list[IssueChange]:
        with self._cache_of_one(), self._writing_untranslated() as connection:
            if alone:
                bump(connection, "epoch")
            recorder = Recorder(connection, self._cache, merge_sites=self._merge_sites, alone=alone)
            return recorder.run(batch, now=now)

    @contextmanager
    def _cache_of_one(self) -> Iterator[None]:
        """Let one thread at a time use the cache, and forget what a transaction that failed put in it."""
        with self._record_lock:
            stored = False
            try:
                yield
                stored = True
            finally:
                if not stored:
                    self._cache.clear()

    def already_recorded(self, delivery_ids: Sequence[str]) -> set[str]:
        """Return those that an earlier `record` has stored."""
        column = tables.receipt.c
        with self._reading() as connection:
            found = set()
            for delivery_id in delivery_ids:
                prefix, number = split_id(delivery_id)
                last = connection.scalar(
                    select(column.last)
                    .where(column.prefix == prefix, column.first <= number)
                    .order_by(column.first.desc())
                    .limit(1)
                )
                if last is not None and number <= last:
                    found.add(delivery_id)
            return found

    def load_sites(self, project_id: int, site_keys: Sequence[str]) -> Mapping[str, Site]:
        """Return what was learnt of these sites; unknown ones are absent."""
        column = tables.site.c
        wanted = select(column.site_key, column.state).where(
            column.project_id == project_id, column.site_key.in_(list(site_keys))
        )
        with self._reading() as connection:
            rows = connection.execute(wanted).all()
        return {row.site_key: msgspec.msgpack.decode(row.state, type=Site) for row in rows}

    def newest_dictionary(self) -> CompressionDictionary | None:
        """Return the dictionary to compress with. None: none was trained yet."""
        with self._reading() as connection:
            row = connection.execute(
                select(tables.dictionary).order_by(tables.dictionary.c.id.desc()).limit(1)
            ).one_or_none()
        if row is None:
            return None
        return CompressionDictionary(id=row.id, content=row.content, created_at=row.created_at)

    def add_dictionary(self, content: bytes, *, now: datetime) -> CompressionDictionary:
        """Keep a newly trained dictionary for ever."""
        with self._writing(visible=False) as connection:
            made = connection.execute(
                insert(tables.dictionary).values(content=content, created_at=now).returning(tables.dictionary.c.id)
            )
            return CompressionDictionary(id=made.scalar_one(), content=content, created_at=now)

    def sample_payloads(self, limit: int) -> list[bytes]:
        """Return scrubbed payloads of recent events, decompressed, spread over issues, to train a dictionary."""
        column = tables.event.c
        with self._reading() as connection:
            newest = connection.scalar(select(func.max(column.id))) or 0
            # Ids come from an index; only the chosen rows are read.
            recent = connection.execute(
                select(column.id, column.fingerprint_id).where(column.id > newest - _SAMPLED_EVENTS_MAX)
            ).all()
            chosen = _spread([(row.id, row.fingerprint_id) for row in recent], limit)
            bodies = connection.execute(select(column.body, column.dictionary_id).where(column.id.in_(chosen))).all()
        return [self._bodies.read(body, dictionary_id) for body, dictionary_id in bodies]


def _spread(events: Sequence[tuple[int, int]], limit: int) -> list[int]:
    """Return ids of which no fingerprint has many more than another, newest first."""
    taken: dict[int, int] = {}
    ranked = []
    for event_id, fingerprint_id in sorted(events, reverse=True):
        taken[fingerprint_id] = taken.get(fingerprint_id, 0) + 1
        ranked.append((taken[fingerprint_id], -event_id))
    return [-negative for _, negative in sorted(ranked)[:limit]]
