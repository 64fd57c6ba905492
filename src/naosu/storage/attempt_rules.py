"""What every store refuses of attempts and approvals, and what it tells the audit chain of them."""

from datetime import datetime

import msgspec

from naosu.domain.attempt import BEFORE_IT_RUNS, NEEDS_LEASE, Approval, Attempt, Mode, Proposal, Step
from naosu.domain.errors import ConflictError
from naosu.domain.lease import Lease, LeaseLostError


def new_attempt(proposal: Proposal, *, attempt_id: int, now: datetime) -> Attempt:
    """Return the attempt that a proposal begins."""
    given = {name: getattr(proposal, name) for name in Proposal.__struct_fields__}
    return Attempt(id=attempt_id, proposed_at=now, **given)


def check_step(attempt: Attempt, step: Step, *, lease: Lease | None, now: datetime) -> None:
    """Refuse a step that somebody else has taken meanwhile, or that lacks its lease.

    Raises:
        ConflictError: The attempt is not where the step begins.
        LeaseLostError: It needs the lease on the target, and `step.fence` is not its token, or it has run out.
    """
    if attempt.state is not step.since:
        raise ConflictError(f"Attempt {attempt.id} is {attempt.state} by now, no longer {step.since}.")
    if step.to in NEEDS_LEASE and (lease is None or lease.token != step.fence or not lease.is_held(now=now)):
        raise LeaseLostError(f"The lease on {attempt.target} is not held under token {step.fence}.")


def held(attempt: Attempt, *, reason: str, mode: Mode) -> Attempt:
    """Return an attempt with why it may not run yet. Raises ConflictError: it has begun, or never will."""
    if attempt.state not in BEFORE_IT_RUNS:
        raise ConflictError(f"Attempt {attempt.id} is {attempt.state}: it waits no more.")
    return msgspec.structs.replace(attempt, reason=reason, mode=mode)


def check_approval(attempt: Attempt, approval: Approval) -> None:
    """Refuse what was said to another plan, to another state of the target, or too late. Raises ConflictError."""
    if attempt.state not in BEFORE_IT_RUNS:
        raise ConflictError(f"Attempt {attempt.id} is {attempt.state}: it waits for nobody's approval.")
    if approval.plan_key != attempt.plan.key or approval.target_state != attempt.target_state:
        raise ConflictError(f"The plan of attempt {attempt.id} is another.", mend="Look at it again.")


def step_detail(attempt: Attempt) -> dict[str, str]:
    """Return what the audit chain keeps of a step: which plan, on what, why; none of its text."""
    detail = {
        "means": attempt.means,
        "target": attempt.target,
        "target_state": attempt.target_state,
        "plan": attempt.plan.key,
        "risk": attempt.risk.value,
        "mode": attempt.mode.value,
        "reason": attempt.reason,
        "fence": str(attempt.fence) if attempt.fence else "",
        "checks": " ".join(f"{check.name}={_said(check.ok)}" for check in attempt.checks),
        "left": msgspec.json.encode(attempt.left).decode() if attempt.left else "",
    }
    return {name: value for name, value in detail.items() if value}


def _said(ok: bool | None) -> str:
    return {True: "ok", False: "failed", None: "unknown"}[ok]
