"""Events as read back."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, select, union_all

from naosu.domain.errors import NotFoundError
from naosu.domain.event import Event, ScrubNote
from naosu.domain.telemetry import Attachment
from naosu.ports.store.issues import EventLine, EventPage, StoredEvent
from naosu.storage.bodies import read_attachment
from naosu.storage.cursors import decode_cursor, encode_cursor
from naosu.storage.payload_facts import read_facts
from naosu.storage.sql import side_tables, tables
from naosu.storage.sql.issue_rows import decode_classification
from naosu.storage.sql.session import SqlPart

_event, _fingerprint = tables.event.c, tables.fingerprint.c
_platform, _environment, _transaction, _caller = (
    tables.term.alias(name) for name in ("platform", "environment", "transaction_name", "caller")
)
_HEX_CHARS = 32
_UNION_PARTS_MAX = 100

_LINES: Select[*tuple[Any, ...]] = (
    select(
        _event.id,
        _event.event_id,
        _fingerprint.issue_id,
        _event.project_id,
        _event.occurred_at,
        _fingerprint.title,
        _event.level,
        side_tables.release.c.version,
        _environment.c.text.label("environment"),
        _event.user_key,
        _transaction.c.text.label("transaction_name"),
    )
    .join(tables.fingerprint, _fingerprint.id == _event.fingerprint_id)
    .join(side_tables.release, side_tables.release.c.id == _event.release_id, isouter=True)
    .join(_environment, _environment.c.id == _event.environment_term, isouter=True)
    .join(_transaction, _transaction.c.id == _event.transaction_term, isouter=True)
)
_EVENTS: Select[*tuple[Any, ...]] = (
    _LINES.add_columns(
        _event.received_at,
        _event.status_code,
        _event.fingerprint_id,
        _event.body,
        _event.dictionary_id,
        _event.classification,
        _event.scrubbed,
        _fingerprint.fingerprint,
        _fingerprint.classification.label("usual_classification"),
        _fingerprint.scrubbed.label("usual_scrubbed"),
        _platform.c.text.label("platform"),
        _caller.c.text.label("caller"),
    )
    .join(_platform, _platform.c.id == _event.platform_term, isouter=True)
    .join(_caller, _caller.c.id == _event.caller_term, isouter=True)
)

_decode_scrubbed = msgspec.json.Decoder(tuple[ScrubNote, ...]).decode

Narrow = Callable[[Select[*tuple[Any, ...]]], Select[*tuple[Any, ...]]]


class SqlEvents(SqlPart):
    """Events and their attachments."""

    def list_events(
        self, *, issue_id: int | None = None, project_id: int | None = None, limit: int = 50, cursor: str | None = None
    ) -> EventPage:
        """Return events, newest first."""
        before = decode_cursor(cursor, "events", 1)[0] if cursor else None
        with self._reading() as connection:
            ids = _ids(connection, issue_id, project_id, before, limit + 1)
            rows = connection.execute(_LINES.where(_event.id.in_(ids[:limit])).order_by(_event.id.desc())).all()
        more = len(ids) > limit and rows
        return EventPage(
            events=tuple(map(_line, rows)), next_cursor=encode_cursor("events", rows[-1].id) if more else None
        )

    def get_event(self, event_id: str, *, project_id: int | None = None) -> StoredEvent:
        """Return one event, whatever project it is of unless one is given. Raises NotFoundError."""
        try:
            wanted = _EVENTS.where(_event.event_id == bytes.fromhex(event_id))
        except ValueError:
            raise NotFoundError(f"There is no event {event_id[:_HEX_CHARS]}.") from None
        if project_id is not None:
            wanted = wanted.where(_event.project_id == project_id)
        with self._reading() as connection:
            row = connection.execute(wanted.order_by(_event.id.desc()).limit(1)).one_or_none()
            if row is None:
                raise NotFoundError(f"There is no event {event_id[:_HEX_CHARS]}.")
            return self._stored(connection, row)

    def latest_event(self, issue_id: int) -> StoredEvent:
        """Return its newest kept event. Raises NotFoundError."""
        return self._at_end(issue_id, newest=True)

    def oldest_event(self, issue_id: int) -> StoredEvent:
        """Return its oldest kept event. Raises NotFoundError."""
        return self._at_end(issue_id, newest=False)

    def _at_end(self, issue_id: int, *, newest: bool) -> StoredEvent:
        with self._reading() as connection:
            ids = _ids_of_issue(connection, issue_id, lambda query: query, 1, newest_first=newest)
            row = connection.execute(_EVENTS.where(_event.id.in_(ids))).one_or_none()
            if row is None:
                raise NotFoundError(f"Issue {issue_id} has no kept event.")
            return self._stored(connection, row)

    def list_attachments(self, project_id: int, event_id: str) -> list[Attachment]:
        """Return an event's attachments, bodies included."""
        column = side_tables.attachment.c
        wanted = select(*(column[name] for name in Attachment.__struct_fields__))
        mine = (column.event_id == event_id, column.project_id == project_id)
        with self._reading() as connection:
            rows = connection.execute(wanted.where(*mine).order_by(column.id)).all()
        return [Attachment(**row._asdict() | {"body": read_attachment(row.body)}) for row in rows]

    def recent_events(self, project_id: int, *, limit: int) -> list[StoredEvent]:
        """Return the newest events of a project, for the preview of a rule."""
        wanted = _EVENTS.where(_event.project_id == project_id).order_by(_event.id.desc()).limit(limit)
        with self._reading() as connection:
            rows = connection.execute(wanted).all()
        return [self._without_neighbours(row) for row in rows]

    def _stored(self, connection: Connection, row: Row[*tuple[Any, ...]]) -> StoredEvent:
        newer = _ids_of_issue(
            connection, row.issue_id, lambda query: query.where(_event.id > row.id), 1, newest_first=False
        )
        older = _ids_of_issue(
            connection, row.issue_id, lambda query: query.where(_event.id < row.id), 1, newest_first=True
        )
        names: dict[int, bytes] = dict(
            connection.execute(select(_event.id, _event.event_id).where(_event.id.in_([*newer, *older]))).all()
        )
        return msgspec.structs.replace(
            self._without_neighbours(row),
            newer_id=names[newer[0]].hex() if newer else None,
            older_id=names[older[0]].hex() if older else None,
        )

    def _without_neighbours(self, row: Row[*tuple[Any, ...]]) -> StoredEvent:
        payload = self._bodies.read(row.body, row.dictionary_id)
        facts = msgspec.structs.asdict(read_facts(payload))
        event = Event(
            **facts
            | {
                "event_id": row.event_id.hex(),
                "project_id": row.project_id,
                "occurred_at": row.occurred_at,
                "received_at": row.received_at,
                "platform": row.platform or "other",
                "level": row.level,
                "transaction": row.transaction_name or "",
                "release": row.version or "",
                "environment": row.environment or "",
                "status_code": row.status_code or facts["status_code"],
                "payload": payload,
                "scrubbed": _decode_scrubbed(row.scrubbed or row.usual_scrubbed),
            }
        )
        return StoredEvent(
            event=event,
            issue_id=row.issue_id,
            fingerprint=row.fingerprint,
            classification=decode_classification(row.classification or row.usual_classification),
            caller=row.caller or "",
        )


def _line(row: Row[*tuple[Any, ...]]) -> EventLine:
    return EventLine(
        event_id=row.event_id.hex(),
        issue_id=row.issue_id,
        project_id=row.project_id,
        occurred_at=row.occurred_at,
        title=row.title,
        level=row.level.value,
        release=row.version or "",
        environment=row.environment or "",
        user_key=row.user_key,
        transaction=row.transaction_name or "",
    )


def _ids(
    connection: Connection, issue_id: int | None, project_id: int | None, before: int | None, limit: int
) -> Sequence[int]:
    def narrow(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        if project_id is not None:
            query = query.where(_event.project_id == project_id)
        return query if before is None else query.where(_event.id < before)

    if issue_id is not None:
        return _ids_of_issue(connection, issue_id, narrow, limit, newest_first=True)
    wanted = narrow(select(_event.id)).order_by(_event.id.desc()).limit(limit)
    return connection.scalars(wanted).all()


def _ids_of_issue(
    connection: Connection, issue_id: int, narrow: Narrow, limit: int, *, newest_first: bool
) -> Sequence[int]:
    """Return event ids in order: a few from each fingerprint's end of the index, whatever their number."""
    fingerprint_ids = connection.scalars(select(_fingerprint.id).where(_fingerprint.issue_id == issue_id)).all()
    found: list[int] = []
    order = _event.id.desc() if newest_first else _event.id
    for start in range(0, len(fingerprint_ids), _UNION_PARTS_MAX):
        parts = [
            narrow(select(_event.id).where(_event.fingerprint_id == one)).order_by(order).limit(limit).subquery()
            for one in fingerprint_ids[start : start + _UNION_PARTS_MAX]
        ]
        found += connection.scalars(union_all(*(select(part.c.id) for part in parts)))
    return sorted(found, reverse=newest_first)[:limit]
