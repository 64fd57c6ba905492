"""The ledger, the dead letters, and starting afresh."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Table, delete, false, func, select, update

from naosu.domain.dead_letter import DeadLetter
from naosu.domain.errors import NotFoundError
from naosu.domain.outcome import LedgerEntry
from naosu.domain.report import Report
from naosu.ports.store.operations import Totals
from naosu.storage.ledger_keys import TotalParts
from naosu.storage.sql import side_tables as side
from naosu.storage.sql import tables
from naosu.storage.sql.session import SqlPart

AnyRow = Row[*tuple[Any, ...]]
_OF_FINGERPRINTS = (tables.facet, tables.fingerprint_hour, tables.fingerprint_user)
_OF_PROJECTS = (
    tables.event,
    tables.signature,
    tables.pending_sample,
    tables.site,
    tables.ledger,
    tables.ledger_total,
    tables.fingerprint,
    tables.issue,
    tables.issue_alias,
    side.dead_letter,
    side.attachment,
    side.transaction,
    side.check_in,
    side.log_record,
)


class SqlOperations(SqlPart):
    """What keeps a server honest."""

    def totals(self, project_id: int | None = None) -> Totals:
        """Return counts since the beginning."""
        total, issue = tables.ledger_total.c, tables.issue.c
        with self._reading() as connection:
            quantities = connection.execute(
                select(total.category, total.outcome, total.reason, func.sum(total.quantity))
                .where(_of(tables.ledger_total, project_id))
                .group_by(total.category, total.outcome, total.reason)
            ).all()
            issue_count, stored_count = connection.execute(
                select(func.count(), func.coalesce(func.sum(issue.stored_count), 0)).where(
                    _of(tables.issue, project_id)
                )
            ).one()
            dead_count = connection.scalar(
                select(func.count()).select_from(side.dead_letter).where(_of(side.dead_letter, project_id))
            )
        parts = TotalParts({(row[0], row[1], row[2]): int(row[3]) for row in quantities})
        return Totals(
            event_count=parts.event_count,
            accepted=parts.accepted,
            dropped=parts.dropped,
            sampled=parts.sampled,
            lost_by_client=parts.lost_by_client,
            dead_count=dead_count or 0,
            issue_count=issue_count,
            stored_event_count=int(stored_count),
        )

    def ledger(self, *, since: datetime, project_id: int | None = None) -> list[LedgerEntry]:
        """Return entries by minute, oldest first (older than two days: by hour)."""
        column = tables.ledger.c
        wanted = select(tables.ledger).where(column.minute >= since, _of(tables.ledger, project_id))
        with self._reading() as connection:
            rows = connection.execute(wanted).all()
        entries = [LedgerEntry(**row._asdict()) for row in rows]
        return sorted(entries, key=lambda one: (one.minute, one.project_id, one.category, one.outcome, one.reason))

    def list_dead_letters(self, *, limit: int = 100, before_id: int | None = None) -> list[DeadLetter]:
        """Return dead letters, newest first."""
        column = side.dead_letter.c
        wanted = select(side.dead_letter).order_by(column.id.desc()).limit(limit)
        if before_id is not None:
            wanted = wanted.where(column.id < before_id)
        with self._reading() as connection:
            return list(map(_dead_letter, connection.execute(wanted).all()))

    def get_dead_letter(self, dead_letter_id: int) -> DeadLetter:
        """Return one. Raises NotFoundError."""
        with self._reading() as connection:
            wanted = select(side.dead_letter).where(side.dead_letter.c.id == dead_letter_id)
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no dead letter {dead_letter_id}.")
        return _dead_letter(row)

    def remove_dead_letters(self, ids: Sequence[int]) -> int:
        """Remove these (redriven or given up), and return how many there were."""
        with self._writing() as connection:
            return connection.execute(delete(side.dead_letter).where(side.dead_letter.c.id.in_(set(ids)))).rowcount

    def change_mark(self) -> str:
        """Return a text that differs after anything visible changed."""
        with self._reading() as connection:
            return str(connection.scalar(select(tables.counter.c.value).where(tables.counter.c.name == "changes")))

    def reset_errors(self, project_id: int | None = None) -> None:
        """Forget issues, events, counts and the ledger; keep projects, keys, accounts and settings."""
        fingerprint = tables.fingerprint.c
        mine = select(fingerprint.id).where(_of(tables.fingerprint, project_id))
        with self._writing(wrongs_caches=True) as connection:
            for table in _OF_FINGERPRINTS:
                gone = delete(table)
                if project_id is not None:
                    gone = gone.where(table.c.fingerprint_id.in_(mine))
                connection.execute(gone)
            for table in _OF_PROJECTS:
                connection.execute(delete(table).where(_of(table, project_id)))
            if project_id is None:
                connection.execute(delete(tables.term))
            unused = {"first_event_at": None, "last_event_at": None, "event_count": 0, "new_issue_count": 0}
            connection.execute(update(side.release).where(_of(side.release, project_id)).values(**unused))


def _of(table: Table, project_id: int | None) -> ColumnElement[bool]:
    return ~false() if project_id is None else table.c.project_id == project_id


def _dead_letter(row: AnyRow) -> DeadLetter:
    return DeadLetter(**row._asdict() | {"report": msgspec.msgpack.decode(row.report, type=Report)})
