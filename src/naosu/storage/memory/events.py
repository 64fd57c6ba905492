"""Events as read back, in memory."""

import msgspec

from naosu.domain.errors import NotFoundError
from naosu.domain.telemetry import Attachment
from naosu.ports.store.issues import EventLine, EventPage, StoredEvent
from naosu.storage.bodies import BodyReader
from naosu.storage.cursors import decode_cursor, encode_cursor
from naosu.storage.memory.shelves import KeptEvent, OnShelves


class MemoryEvents(OnShelves):
    """Events and their attachments."""

    def list_events(
        self, *, issue_id: int | None = None, project_id: int | None = None, limit: int = 50, cursor: str | None = None
    ) -> EventPage:
        """Return events, newest first."""
        (before,) = decode_cursor(cursor, "events", 1) if cursor else (None,)
        with self._shelves.lock:
            found = [
                kept
                for kept in reversed(self._shelves.events.values())
                if (issue_id is None or kept.fingerprint.issue_id == issue_id)
                and (project_id is None or kept.event.project_id == project_id)
                and (before is None or kept.id < before)
            ]
        page = found[:limit]
        more = len(found) > len(page) and page
        return EventPage(
            events=tuple(map(_line, page)), next_cursor=encode_cursor("events", page[-1].id) if more else None
        )

    def get_event(self, event_id: str, *, project_id: int | None = None) -> StoredEvent:
        """Return one event, whatever project it is of unless one is given. Raises NotFoundError."""
        with self._shelves.lock:
            for kept in reversed(self._shelves.events.values()):
                if kept.event.event_id == event_id and project_id in {None, kept.event.project_id}:
                    return self._stored(kept)
        raise NotFoundError(f"There is no event {event_id}.")

    def latest_event(self, issue_id: int) -> StoredEvent:
        """Return its newest kept event. Raises NotFoundError."""
        return self._at_end(issue_id, -1)

    def oldest_event(self, issue_id: int) -> StoredEvent:
        """Return its oldest kept event. Raises NotFoundError."""
        return self._at_end(issue_id, 0)

    def _at_end(self, issue_id: int, index: int) -> StoredEvent:
        with self._shelves.lock:
            events = self._shelves.events_of(issue_id)
            if not events:
                raise NotFoundError(f"Issue {issue_id} has no kept event.")
            return self._stored(events[index])

    def list_attachments(self, project_id: int, event_id: str) -> list[Attachment]:
        """Return an event's attachments, bodies included."""
        with self._shelves.lock:
            wanted = (project_id, event_id)
            return [one for one in self._shelves.attachments if (one.project_id, one.event_id) == wanted]

    def recent_events(self, project_id: int, *, limit: int) -> list[StoredEvent]:
        """Return the newest events of a project, for the preview of a rule."""
        with self._shelves.lock:
            kept = [one for one in reversed(self._shelves.events.values()) if one.event.project_id == project_id]
            return [self._stored(one) for one in kept[:limit]]

    def _stored(self, kept: KeptEvent) -> StoredEvent:
        dictionaries = {dictionary.id: dictionary.content for dictionary in self._shelves.dictionaries}
        siblings = self._shelves.events_of(kept.fingerprint.issue_id)
        at = siblings.index(kept)
        return StoredEvent(
            event=msgspec.structs.replace(
                kept.event, payload=BodyReader(dictionaries.get).read(kept.body, kept.dictionary_id)
            ),
            issue_id=kept.fingerprint.issue_id,
            fingerprint=kept.fingerprint.fingerprint,
            classification=kept.classification,
            caller=kept.caller,
            newer_id=siblings[at + 1].event.event_id if at + 1 < len(siblings) else None,
            older_id=siblings[at - 1].event.event_id if at > 0 else None,
        )


def _line(kept: KeptEvent) -> EventLine:
    event = kept.event
    return EventLine(
        event_id=event.event_id,
        issue_id=kept.fingerprint.issue_id,
        project_id=event.project_id,
        occurred_at=event.occurred_at,
        title=kept.fingerprint.title,
        level=event.level.value,
        release=event.release,
        environment=event.environment,
        user_key=event.user.key,
        transaction=event.transaction,
    )
