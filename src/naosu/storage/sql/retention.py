"""Forgetting, in small transactions."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, Table, delete, func, select, type_coerce, update

from naosu.domain.project import Retention
from naosu.domain.report import SampledCount
from naosu.ports.store.digest import DigestBatch
from naosu.storage.ledger_keys import RECEIPTS_KEPT, ROLL_UP_AFTER, hour_of
from naosu.storage.sql import side_tables as side
from naosu.storage.sql import statements, tables
from naosu.storage.sql.column_types import DATA_CATEGORY_CODES, OUTCOME_CODES, to_micros
from naosu.storage.sql.digest import SqlDigest
from naosu.storage.sql.recorder import Recorder
from naosu.storage.sql.tallies import HOUR_US
from naosu.storage.thinning import ISSUES_LOOKED_AT, share, with_twins

AnyRow = Row[*tuple[Any, ...]]
_WINDOW_EVENTS = 2_000
_ROLLED_UP_MAX = 5_000
_TELEMETRY = (
    (side.transaction, side.transaction.c.started_at),
    (side.check_in, side.check_in.c.received_at),
    (side.log_record, side.log_record.c.logged_at),
)
_event, _issue = tables.event.c, tables.issue.c


class SqlRetention(SqlDigest):
    """Evicting and compacting."""

    def evict(self, project_id: int, retention: Retention, *, now: datetime, step_events_max: int = 500) -> int:
        """Remove at most one step of events beyond the retention, and return how many went."""
        cutoff = now - timedelta(days=retention.days)
        with self._reading() as connection:
            going = _too_old(connection, project_id, cutoff, step_events_max)
            if not going:
                going = _too_many(connection, project_id, retention.events_max, step_events_max)
            telemetry = _telemetry_beyond(connection, project_id, retention, cutoff, step_events_max)
            empty = _empty_issues(connection, project_id, cutoff, step_events_max)
        if not going and not telemetry and not empty:
            return 0
        with self._writing(wrongs_caches=bool(empty)) as connection:
            gone = _remove_events(connection, project_id, going)
            for table, ids in telemetry:
                gone += connection.execute(delete(table).where(table.c.id.in_(ids))).rowcount
            _remove_issues(connection, empty, cutoff)
            return gone

    def compact(self, *, now: datetime) -> None:
        """Roll up old ledger minutes to hours, drop old receipts and expired sessions, give free pages back."""
        with self._writing(visible=False) as connection:
            connection.execute(delete(tables.receipt).where(tables.receipt.c.recorded_at < now - RECEIPTS_KEPT))
            connection.execute(delete(side.session).where(side.session.c.expires_at <= now))
        while self._roll_up(hour_of(now - ROLL_UP_AFTER)):
            pass
        self._apply_pending(now)
        self._give_pages_back()

    def _roll_up(self, before: datetime) -> int:
        """Turn some minutes into hours, and return how many."""
        column = tables.ledger.c
        is_minute = type_coerce(column.minute, BigInteger) % HOUR_US != 0
        with self._writing(visible=False) as connection:
            old = (
                select(tables.ledger).where(column.minute < before, is_minute).order_by(column.minute).with_for_update()
            )
            rows = connection.execute(old.limit(_ROLLED_UP_MAX)).all()
            hours: Counter[tuple[Any, ...]] = Counter()
            for row in rows:
                key = (column.project_id == row.project_id, column.minute == row.minute, column.reason == row.reason)
                rest = (column.category == row.category, column.outcome == row.outcome)
                connection.execute(delete(tables.ledger).where(*key, *rest))
                codes = (DATA_CATEGORY_CODES[row.category], OUTCOME_CODES[row.outcome], row.reason)
                hours[row.project_id, to_micros(hour_of(row.minute)), *codes] += row.quantity
            statements.ADD_LEDGER.run(connection, [(*key, quantity) for key, quantity in sorted(hours.items())])
            return len(rows)

    def _apply_pending(self, now: datetime) -> None:
        """Count what waited for a signature that another digester stored at the same moment."""
        pending, signature = tables.pending_sample.c, tables.signature.c
        same = (signature.project_id == pending.project_id) & (signature.signature == pending.signature)
        with self._reading() as connection:
            found = connection.execute(select(tables.pending_sample).join(tables.signature, same).limit(1)).all()
        if not found:
            return
        with self._cache_of_one(), self._writing() as connection:
            rows = connection.execute(
                select(tables.pending_sample).join(tables.signature, same).with_for_update(of=tables.pending_sample)
            ).all()
            sampled = tuple(
                SampledCount(
                    project_id=row.project_id,
                    signature=row.signature,
                    quantity=row.quantity,
                    first_at=row.first_at,
                    last_at=row.last_at,
                )
                for row in rows
            )
            for row in rows:
                mine = (pending.project_id == row.project_id, pending.signature == row.signature)
                connection.execute(delete(tables.pending_sample).where(*mine, pending.hour == row.hour))
            Recorder(connection, self._cache).run(DigestBatch(sampled=sampled), now=now)

    def _give_pages_back(self) -> None:
        """Do what the database needs to shrink its files."""


def _too_old(connection: Connection, project_id: int, cutoff: datetime, step_max: int) -> list[int]:
    """Return ids from the old end; ids grow with time, but for the order within a few seconds."""
    rows = connection.execute(
        select(_event.id, _event.received_at).where(_event.project_id == project_id).order_by(_event.id).limit(step_max)
    )
    return [row.id for row in rows if row.received_at < cutoff]


def _too_many(connection: Connection, project_id: int, events_max: int, step_max: int) -> list[int]:
    stored = connection.scalar(select(func.sum(_issue.stored_count)).where(_issue.project_id == project_id)) or 0
    excess = min(int(stored) - events_max, step_max)
    if excess <= 0:
        return []
    biggest = connection.execute(
        select(_issue.id, _issue.stored_count)
        .where(_issue.project_id == project_id)
        .order_by(_issue.stored_count.desc(), _issue.id)
        .limit(ISSUES_LOOKED_AT)
    ).all()
    going: list[int] = []
    for issue_id, stored_count in biggest:
        going += _least_informative(connection, issue_id, share(stored_count, excess - len(going)))
        if len(going) >= excess:
            break
    return going[:excess]


def _least_informative(connection: Connection, issue_id: int, wanted: int) -> list[int]:
    """Return ids of old events that have a newer twin in release and environment, and are not the first or last.

    Looks at a window of the oldest, and further on only where that has too few.
    """
    fingerprint = tables.fingerprint.c
    of_issue = select(_event.id, _event.release_id, _event.environment_term).where(
        _event.fingerprint_id.in_(select(fingerprint.id).where(fingerprint.issue_id == issue_id))
    )
    last = connection.scalar(select(func.max(of_issue.subquery().c.id)))
    going: list[int] = []
    spared: list[AnyRow] = []
    after, is_first = -1, True
    while len(going) < wanted:
        window = connection.execute(of_issue.where(_event.id > after).order_by(_event.id).limit(_WINDOW_EVENTS)).all()
        if not window:
            break
        after = window[-1].id
        seen = spared + list(window[1:] if is_first else window)
        is_first = False
        chosen = with_twins([tuple(row) for row in seen if row.id != last], wanted - len(going))
        going += chosen
        gone = set(chosen)
        spared = [row for row in seen if row.id not in gone][-_WINDOW_EVENTS:]
    return going


def _remove_events(connection: Connection, project_id: int, ids: Sequence[int]) -> int:
    if not ids:
        return 0
    fingerprint, attachment = tables.fingerprint.c, side.attachment.c
    rows = connection.execute(
        select(_event.id, _event.event_id, fingerprint.issue_id)
        .join(tables.fingerprint, fingerprint.id == _event.fingerprint_id)
        .where(_event.id.in_(ids))
    ).all()
    for issue_id, count in sorted(Counter(row.issue_id for row in rows).items()):
        fewer = {"stored_count": _issue.stored_count - count}
        connection.execute(update(tables.issue).where(_issue.id == issue_id).values(**fewer))
    names = [row.event_id.hex() for row in rows]
    of_events = (attachment.event_id.in_(names), attachment.project_id == project_id)
    connection.execute(delete(side.attachment).where(*of_events))
    return connection.execute(delete(tables.event).where(_event.id.in_([row.id for row in rows]))).rowcount


def _telemetry_beyond(
    connection: Connection, project_id: int, retention: Retention, cutoff: datetime, step_max: int
) -> list[tuple[Any, Any]]:
    """Return, for each table that has some, ids of its oldest rows that are too old or too many."""
    found = []
    for table, at in _TELEMETRY:
        mine = table.c.project_id == project_id
        oldest = select(table.c.id, at.label("at")).where(mine).order_by(at, table.c.id).limit(step_max)
        excess = _excess(connection, table, project_id, retention.events_max)
        rows = connection.execute(oldest if excess else oldest.where(at < cutoff)).all()
        ids = [row.id for number, row in enumerate(rows) if row.at < cutoff or number < excess]
        if ids:
            found.append((table, ids))
    return found


def _excess(connection: Connection, table: Table, project_id: int, count_max: int) -> int:
    column = table.c
    first, last = (connection.scalar(select(end(column.id))) for end in (func.min, func.max))
    # Counting reads all; the ids tell at once that there are not too many, as long as there are few.
    if first is None or last is None or last - first < count_max:
        return 0
    mine = select(func.count()).select_from(table).where(column.project_id == project_id)
    return max((connection.scalar(mine) or 0) - count_max, 0)


def _empty_issues(connection: Connection, project_id: int, cutoff: datetime, step_max: int) -> list[int]:
    """Return issues of which nothing is kept, and that were not seen since the cutoff."""
    wanted = select(_issue.id).where(
        _issue.project_id == project_id, _issue.stored_count == 0, _issue.last_seen_at < cutoff
    )
    return list(connection.scalars(wanted.limit(step_max)))


def _remove_issues(connection: Connection, issue_ids: Sequence[int], cutoff: datetime) -> None:
    if not issue_ids:
        return
    fingerprint = tables.fingerprint
    still = (_issue.id.in_(issue_ids), _issue.stored_count == 0, _issue.last_seen_at < cutoff)
    ids = list(connection.scalars(select(_issue.id).where(*still).with_for_update()))
    mine = list(connection.scalars(select(fingerprint.c.id).where(fingerprint.c.issue_id.in_(ids))))
    for table in (tables.facet, tables.fingerprint_hour, tables.fingerprint_user, tables.signature):
        connection.execute(delete(table).where(table.c.fingerprint_id.in_(mine)))
    connection.execute(delete(fingerprint).where(fingerprint.c.id.in_(mine)))
    connection.execute(delete(tables.issue).where(_issue.id.in_(ids)))
    connection.execute(delete(tables.issue_alias).where(tables.issue_alias.c.issue_id.in_(ids)))
