"""The audit chain, and the transactions of repairs, which all write into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, text, update

from naosu.domain.audit import AuditEntry, AuditHead, sealed
from naosu.storage.sql.repair_tables import audit_entry, audit_head
from naosu.storage.sql.session import SqlPart

_LOCK_ID = 0x6E616F7375_01  # beside that of migrations
_HEAD = audit_head.c.id == 1


class SqlAudit(SqlPart):
    """The chain of entries."""

    def append_audit(
        self, what: str, *, actor: str, subject: str = "", detail: dict[str, str] | None = None, now: datetime
    ) -> AuditEntry:
        """Add an entry for something that is about to happen outside the store."""
        with self._repairing(visible=False) as connection:
            return append(connection, what, actor=actor, subject=subject, detail=detail, now=now)

    def list_audit(self, *, after: int = 0, limit: int = 1_000) -> list[AuditEntry]:
        """Return entries after this number, in order."""
        number = audit_entry.c.number
        with self._reading() as connection:
            wanted = select(audit_entry).where(number > after).order_by(number).limit(limit)
            return list(map(_entry, connection.execute(wanted).all()))

    def audit_of(self, subject: str, *, limit: int = 1_000) -> list[AuditEntry]:
        """Return the entries on one subject, in order."""
        column = audit_entry.c
        with self._reading() as connection:
            wanted = select(audit_entry).where(column.subject == subject).order_by(column.number).limit(limit)
            return list(map(_entry, connection.execute(wanted).all()))

    def audit_head(self) -> AuditHead:
        """Return what the chain must end in, as it was noted beside it."""
        with self._reading() as connection:
            return _head(connection)

    @contextmanager
    def _repairing(self, *, visible: bool = True) -> Iterator[Connection]:
        """Open a transaction in which nobody else changes anything of repairs: what it reads holds until its end."""
        with self._writing(visible=visible) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
            yield connection


def append(
    connection: Connection,
    what: str,
    *,
    actor: str,
    subject: str = "",
    detail: dict[str, str] | None = None,
    now: datetime,
) -> AuditEntry:
    """Add an entry in the transaction of what it tells of, one of `SqlAudit._repairing`."""
    head = _head(connection)
    entry = sealed(head, at=now, actor=actor, what=what, subject=subject, detail=detail)
    values = msgspec.structs.asdict(entry) | {"detail": msgspec.json.encode(entry.detail)}
    connection.execute(insert(audit_entry).values(**values))
    new_head = {"number": entry.number, "hash": entry.hash}
    if not connection.execute(update(audit_head).where(_HEAD).values(**new_head)).rowcount:
        connection.execute(insert(audit_head).values(id=1, **new_head))
    return entry


def _head(connection: Connection) -> AuditHead:
    row = connection.execute(select(audit_head.c.number, audit_head.c.hash).where(_HEAD)).one_or_none()
    return AuditHead(number=row.number, hash=row.hash) if row is not None else AuditHead()


def _entry(row: Row[*tuple[Any, ...]]) -> AuditEntry:
    return AuditEntry(**row._asdict() | {"detail": msgspec.json.decode(row.detail, type=dict[str, str])})
