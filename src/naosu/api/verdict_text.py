"""What the packs say about a classification, in the reader's language."""

from functools import cache

from naosu.classify.facts import fault_of
from naosu.domain.errors import NaosuError
from naosu.normalize.event import to_event
from naosu.ports.store.issues import StoredEvent
from naosu_sdk.classify import Matcher, Text


@cache
def _matcher() -> Matcher:
    return Matcher.load()


def verdict_text(rule_id: str, language: str, *, stored: StoredEvent | None = None) -> Text | None:
    """Return the pack's text for the rule that decided, filled from the event where the text names its parts.

    None: no rule decided, or its pack says nothing.
    """
    if not rule_id:
        return None
    found = _matcher().text(rule_id, language, _captures(rule_id, stored) if stored else None)
    return None if found.title == rule_id else found


def _captures(rule_id: str, stored: StoredEvent) -> dict[str, str]:
    """Return what the rule's pattern caught in this event; nothing when another rule would decide today."""
    event = stored.event
    try:
        whole = to_event(event.payload, project_id=event.project_id, received_at=event.received_at)
    except NaosuError:
        return {}
    verdict = _matcher().classify(fault_of(whole))
    return dict(verdict.captures) if verdict.rule_id == rule_id else {}
