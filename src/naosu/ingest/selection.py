"""Which parts of an envelope come in now, given rates and storms, and how the others are counted. No clock."""

import msgspec

from naosu.domain.outcome import DataCategory, Outcome
from naosu.ingest.admission import Admission, Limit, Quota
from naosu.ingest.examine import Examined, Part
from naosu.ingest.storm import StormDecision, StormPolicy, signature

_NOVELTY = "storm_novelty"
_SAMPLED = "storm"
_WITH_EVENT = "with_event"
_NOVELTY_RETRY_S = 60


class Loss(msgspec.Struct, frozen=True):
    """So many things that do not come in, and under what they are counted."""

    category: DataCategory
    outcome: Outcome
    reason: str
    quantity: int


class Selection(msgspec.Struct, kw_only=True):
    """What comes in, and what does not.

    Attributes:
        sampled: Storm signature under which one event was counted instead of kept. Empty: none was.
        kept_signature: Signature of an event that comes in because the storm policy said so.
        limit: The rate limit that was met, to be told to the sender.
    """

    parts: list[Part] = []
    losses: list[Loss] = []
    sampled: str = ""
    kept_signature: str = ""
    limit: Limit | None = None

    @property
    def is_whole(self) -> bool:
        """Everything comes in."""
        return not self.losses


class Selector:
    """Applies rate limits, and the storm policy to error events. Not safe for threads."""

    def __init__(self, *, admission: Admission, storm: StormPolicy) -> None:
        self._admission = admission
        self._storm = storm

    def is_storm(self, backlog_bytes: int) -> bool:
        """Say whether events are sampled because the digester is behind."""
        return self._storm.is_storm(backlog_bytes)

    def select(
        self, examined: Examined, *, project_id: int, quotas: tuple[Quota, ...], is_storm: bool, now_s: float
    ) -> Selection:
        """Decide on each part. An event that does not come in takes its attachments with it."""
        selection = Selection()
        event_loss: Loss | None = None
        for part in sorted(examined.parts, key=lambda part: part.item.type == "attachment"):
            if part.item.type == "event":
                loss = self._judge_event(part, selection, project_id, quotas, is_storm=is_storm, now_s=now_s)
                event_loss = event_loss or loss
            elif part.item.type == "attachment" and event_loss is not None:
                loss = Loss(part.fate.category, event_loss.outcome, _WITH_EVENT, 1)
            else:
                loss = self._judge(part, selection, quotas, now_s=now_s)
            if loss is None:
                selection.parts.append(part)
            else:
                selection.losses.append(loss)
        return selection

    def forget(self, project_id: int, kept_signature: str) -> None:
        """Undo a decision to keep an event that then could not be made durable."""
        self._storm.forget(project_id, kept_signature)

    def _judge(self, part: Part, selection: Selection, quotas: tuple[Quota, ...], *, now_s: float) -> Loss | None:
        category = part.fate.category
        if not quotas or not part.fate.is_kept or category is DataCategory.INTERNAL:
            return None
        verdict = self._admission.admit(quotas, category=category, quantity=part.quantity, now_s=now_s)
        if isinstance(verdict, Limit):
            selection.limit = verdict
            return Loss(category, Outcome.LIMITED, verdict.reason, part.quantity)
        return None

    def _judge_event(
        self,
        part: Part,
        selection: Selection,
        project_id: int,
        quotas: tuple[Quota, ...],
        *,
        is_storm: bool,
        now_s: float,
    ) -> Loss | None:
        category = part.fate.category
        verdict = self._admission.admit(quotas, category=category, now_s=now_s)
        limit = verdict if isinstance(verdict, Limit) else None
        if limit and limit.is_absolute:
            selection.limit = limit
            return Loss(category, Outcome.LIMITED, limit.reason, 1)
        event_signature = signature(part.item.payload)
        if limit is None and not is_storm:
            self._storm.note(project_id, event_signature, now_s=now_s)
            return None
        storm = self._storm.decide(project_id, event_signature, now_s=now_s)
        if storm.decision is StormDecision.KEEP:
            selection.kept_signature = storm.signature
            return None
        if limit is not None:
            selection.limit = limit
            return Loss(category, Outcome.LIMITED, limit.reason, 1)
        if storm.decision is StormDecision.REFUSE:
            selection.limit = Limit(
                retry_after_s=_NOVELTY_RETRY_S,
                limits_header=f"{_NOVELTY_RETRY_S}:error:project:{_NOVELTY}",
                reason=_NOVELTY,
            )
            return Loss(category, Outcome.LIMITED, _NOVELTY, 1)
        selection.sampled = storm.signature
        return Loss(category, Outcome.SAMPLED, _SAMPLED, 1)
