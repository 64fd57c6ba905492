"""How far a test error has come: accepted → stored → grouped → classified."""

from enum import StrEnum

import msgspec

from naosu.api.context import ApiContext
from naosu.domain.errors import NaosuError, NotFoundError
from naosu.domain.issue import Issue
from naosu.domain.project import Project
from naosu.ports.store.issues import StoredEvent

HTTP_OK = 200


class StepState(StrEnum):
    """Where one step stands."""

    DONE = "done"
    NOW = "now"
    FAIL = "fail"
    LATER = "later"


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """A test error under way.

    Attributes:
        status: HTTP status that the door answered; 0: none.
        pending: Reports that wait in the inbox. None: unknown.
    """

    event_id: str
    status: int
    stored: StoredEvent | None
    issue: Issue | None
    pending: int | None

    @property
    def accepted(self) -> StepState:
        """Whether the door took it."""
        return StepState.DONE if self.stored or self.status == HTTP_OK else StepState.FAIL

    @property
    def digested(self) -> StepState:
        """Whether it was stored, grouped and classified: one transaction does all three."""
        if self.stored:
            return StepState.DONE
        return StepState.NOW if self.accepted is StepState.DONE else StepState.LATER


def walk_of(context: ApiContext, project: Project, event_id: str, *, status: int) -> Walk:
    """Look how far the event has come."""
    try:
        stored = context.store.get_event(event_id, project_id=project.id)
    except NotFoundError:
        return Walk(event_id=event_id, status=status, stored=None, issue=None, pending=_pending(context))
    issue = context.store.get_issue(stored.issue_id)
    return Walk(event_id=event_id, status=status, stored=stored, issue=issue, pending=None)


def _pending(context: ApiContext) -> int | None:
    try:
        return context.inbox_depth().report_count
    except NaosuError:
        return None
