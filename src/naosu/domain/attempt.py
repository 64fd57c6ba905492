"""One run of one plan on one target: its life, and what a person said to it."""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from naosu.domain.errors import ConflictError
from naosu.domain.repair import Check, Plan, Risk, Verdict

APPROVAL_HOLDS = timedelta(minutes=15)


class Mode(StrEnum):
    """How far Naosu goes by itself: each goes one step further than the one before it."""

    OFF = "off"  # nothing is planned
    OBSERVE = "observe"  # all is planned and tried in a scratch copy, and what would have been done is stored
    APPROVE = "approve"  # a person approves each plan
    AUTO = "auto"

    @property
    def reach(self) -> int:
        """0 for `off` to 3 for `auto`."""
        return list(Mode).index(self)


class AttemptState(StrEnum):
    """Where an attempt is in its life."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    RUNNING = "running"
    VERIFYING = "verifying"
    FIXED = "fixed"
    NOT_FIXED = "not_fixed"
    WORSE = "worse"
    CANNOT_TELL = "cannot_tell"
    ROLLED_BACK = "rolled_back"
    WITHDRAWN = "withdrawn"  # it never ran: a person rejected it, or what it was made for changed

    @property
    def is_open(self) -> bool:
        """Whether it may still run, or runs."""
        return self in _OPEN

    @property
    def is_under_way(self) -> bool:
        """Whether it is working on its target now, or was when its process died."""
        return self in UNDER_WAY


_S = AttemptState
_OPEN = frozenset({_S.PROPOSED, _S.APPROVED, _S.RUNNING, _S.VERIFYING})
UNDER_WAY = frozenset({_S.RUNNING, _S.VERIFYING})
NEXT: dict[AttemptState, frozenset[AttemptState]] = {
    _S.PROPOSED: frozenset({_S.APPROVED, _S.WITHDRAWN}),
    # An approval may run out, or become void, before its attempt runs: then it waits for another.
    _S.APPROVED: frozenset({_S.RUNNING, _S.PROPOSED, _S.WITHDRAWN}),
    # What could not be applied never gets to be measured.
    _S.RUNNING: frozenset({_S.VERIFYING, _S.NOT_FIXED, _S.CANNOT_TELL}),
    _S.VERIFYING: frozenset({_S.FIXED, _S.NOT_FIXED, _S.WORSE, _S.CANNOT_TELL}),
    # A person may undo what is fixed, and so does the watch window when it turns worse later.
    _S.FIXED: frozenset({_S.ROLLED_BACK}),
    _S.NOT_FIXED: frozenset({_S.ROLLED_BACK}),
    _S.WORSE: frozenset({_S.ROLLED_BACK}),
    _S.CANNOT_TELL: frozenset({_S.ROLLED_BACK}),
    _S.ROLLED_BACK: frozenset(),
    _S.WITHDRAWN: frozenset(),
}
"""What may follow on what. Nothing else ever does."""

BEFORE_IT_RUNS = frozenset({_S.PROPOSED, _S.APPROVED})
EVER_RAN = frozenset(_S) - {_S.PROPOSED, _S.APPROVED, _S.WITHDRAWN}
NEEDS_LEASE = EVER_RAN
"""States that are only entered by whoever holds the lease on the target."""

VERDICT_STATES = {
    _S.FIXED: Verdict.FIXED,
    _S.NOT_FIXED: Verdict.NOT_FIXED,
    _S.WORSE: Verdict.WORSE,
    _S.CANNOT_TELL: Verdict.CANNOT_TELL,
}


class ImpossibleStepError(ConflictError):
    """An attempt cannot go from the state in which it is to the wanted one. Not retryable."""

    code = "repair.impossible_step"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A plan for one target, before it has an id.

    Attributes:
        project_id: 0: none, as for a checkout that somebody works on by hand.
        action: The name of the action that carries the plan out: ``apply_fix``, ``restart`` …
        fixer: Who made the plan. Empty: a playbook alone did.
        target: What is touched, so that two attempts never do so at once: ``shop/production/source``.
        target_state: What the target was when the plan was made (a hash, a start time); an approval is void when it
            is another.
        fingerprint: Of the fault: the issue's.
        fault_seen_at: When the fault was last seen.
        reversible: The action can be undone.
        mode: In force when it was last looked at.
    """

    plan: Plan
    action: str
    target: str
    target_state: str
    fingerprint: str
    fault_seen_at: datetime
    project_id: int = 0
    environment: str = ""
    fixer: str = ""
    playbook: str = ""
    issue_id: int | None = None
    reversible: bool = True
    mode: Mode = Mode.OBSERVE

    @property
    def means(self) -> str:
        """What is promoted and demoted by its own record: the action, and the fixer that planned it."""
        return f"{self.action}/{self.fixer}" if self.fixer else self.action

    @property
    def risk(self) -> Risk:
        """The plan's."""
        return self.plan.risk

    @property
    def idempotency_key(self) -> str:
        """SHA-256 over what would be done to what, in which state, for which fault."""
        parts = (self.means, self.target, self.target_state, self.fingerprint, self.plan.key)
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


class Attempt(Proposal, frozen=True, kw_only=True):
    """One run of one plan on one target.

    Attributes:
        verdict: What measuring said; it stays when the attempt is rolled back.
        reason: Why it is where it is: the name of the permit's reason, or what a person or the worker said.
        fence: The token of the lease under which it runs or ran. 0: it never ran.
        ended_at: When the verdict came, or when it was withdrawn.
        came_back_at: When the same fault was first seen again after a verdict *fixed*.
        left: What is not as it was before, where undoing it failed.
    """

    id: int
    state: AttemptState = AttemptState.PROPOSED
    verdict: Verdict | None = None
    reason: str = ""
    checks: tuple[Check, ...] = ()
    left: tuple[str, ...] = ()
    fence: int = 0
    proposed_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    rolled_back_at: datetime | None = None
    came_back_at: datetime | None = None

    def stepped(self, step: "Step", *, now: datetime) -> "Attempt":
        """Return it one step further. Raises ImpossibleStepError for a step that its life does not know."""
        if step.to not in NEXT[self.state]:
            raise ImpossibleStepError(f"Attempt {self.id} is {self.state}; it cannot become {step.to}.")
        return msgspec.structs.replace(
            self,
            state=step.to,
            reason=step.reason,
            checks=self.checks + step.checks,
            left=step.left,
            verdict=VERDICT_STATES.get(step.to, self.verdict),
            fence=step.fence or self.fence,
            started_at=now if step.to is AttemptState.RUNNING else self.started_at,
            ended_at=now if step.to in {*VERDICT_STATES, AttemptState.WITHDRAWN} else self.ended_at,
            rolled_back_at=now if step.to is AttemptState.ROLLED_BACK else self.rolled_back_at,
        )


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step in an attempt's life, with what is learnt in it.

    Attributes:
        since: The state in which the attempt must be now, so that of two who step at once one is refused.
        checks: Added to those that the attempt has.
        fence: The lease's token, for the step to *running* and all after it.
    """

    since: AttemptState
    to: AttemptState
    reason: str = ""
    checks: tuple[Check, ...] = ()
    left: tuple[str, ...] = ()
    fence: int = 0


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """What one person said to one plan.

    Attributes:
        plan_key: Of the plan that they saw; it holds for no other.
        target_state: Of the target that they saw; it is void for any other.
        granted: False: they said no.
        expires_at: From this instant on it counts no more.
    """

    attempt_id: int
    plan_key: str
    target_state: str
    by: str
    granted: bool
    given_at: datetime
    expires_at: datetime
    comment: str = ""
