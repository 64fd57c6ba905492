"""What people say to a plan: yes, no, or try again."""

from datetime import datetime

from naosu.domain.attempt import APPROVAL_HOLDS, Approval, Attempt, AttemptState, Mode, Step
from naosu.domain.audit import AuditEntry, AuditFault, AuditHead, first_fault
from naosu.domain.errors import ConflictError
from naosu.ports.store.repairs import AuditStore, RepairStore
from naosu.repair.permit import approvals_needed

_PAGE = 1_000


class NotForApprovalError(ConflictError):
    """The attempt was only observed: in its mode nothing runs, whoever approves it. Not retryable."""

    code = "repair.only_observed"


def approve(
    store: RepairStore, attempt_id: int, *, by: str, plan_key: str, comment: str = "", now: datetime
) -> Attempt:
    """Keep a person's yes to the plan that they saw; with enough of them the attempt is *approved*.

    Args:
        store: Where attempts are kept.
        attempt_id: The attempt.
        by: Who says it.
        plan_key: Of the plan that they saw.
        comment: Why.
        now: When they said it; it holds for a quarter of an hour.

    Raises:
        NotFoundError: There is no such attempt.
        ConflictError: Its plan is another, or it waits for no approval any more.
        NotForApprovalError: In its mode nothing runs.
    """
    attempt = store.get_attempt(attempt_id)
    if attempt.mode.reach < Mode.APPROVE.reach:
        raise NotForApprovalError(
            f"Attempt {attempt_id} was only observed.", mend="Set a mode for this action in naosu.yaml."
        )
    store.add_approval(_said(attempt, by=by, granted=True, plan_key=plan_key, comment=comment, now=now))
    attempt = store.get_attempt(attempt_id)
    if attempt.state is AttemptState.PROPOSED and missing_approvals(store, attempt, now=now) == 0:
        return store.step_attempt(
            attempt_id, Step(since=AttemptState.PROPOSED, to=AttemptState.APPROVED), by=by, now=now
        )
    return attempt


def reject(
    store: RepairStore, attempt_id: int, *, by: str, plan_key: str = "", comment: str = "", now: datetime
) -> Attempt:
    """Keep a person's no: the attempt never runs. Raises NotFoundError, ConflictError."""
    attempt = store.get_attempt(attempt_id)
    key = plan_key or attempt.plan.key
    store.add_approval(_said(attempt, by=by, granted=False, plan_key=key, comment=comment, now=now))
    return store.get_attempt(attempt_id)


def missing_approvals(store: RepairStore, attempt: Attempt, *, now: datetime) -> int:
    """Return how many people have still to say yes."""
    needed = approvals_needed(attempt.mode, attempt.risk, reversible=attempt.reversible)
    last = {one.by: one for one in store.list_approvals(attempt.id)}
    return max(0, needed - sum(one.granted and now < one.expires_at for one in last.values()))


def try_again(store: RepairStore, attempt_id: int, *, by: str, now: datetime) -> Attempt:
    """Let Naosu try again at a fault that it gave up. Raises NotFoundError."""
    attempt = store.get_attempt(attempt_id)
    store.close_breaker(attempt.fingerprint, by=by, now=now)
    return attempt


def verify_audit(store: AuditStore, *, noted: AuditHead | None = None) -> tuple[AuditFault | None, AuditHead]:
    """Follow the whole chain, and return where it breaks and what it ends in.

    Args:
        store: Where it is kept.
        noted: A head that was noted earlier, out of reach of whoever can write to the store: the chain must go
            through it.
    """
    head = store.audit_head()
    last = AuditHead()
    while True:
        entries = [entry for entry in store.list_audit(after=last.number, limit=_PAGE) if entry.number <= head.number]
        if not entries:
            break
        ends = AuditHead(number=entries[-1].number, hash=entries[-1].hash)
        fault = first_fault(entries, head=ends, after=last) or _not_noted(entries, noted)
        if fault is not None:
            return fault, head
        last = ends
    if noted is not None and noted.number > head.number:
        return AuditFault(number=head.number + 1, text=f"It is missing: entry {noted.number} was noted."), head
    return first_fault([], head=head, after=last), head


def _not_noted(entries: list[AuditEntry], noted: AuditHead | None) -> AuditFault | None:
    for entry in entries:
        if noted is not None and entry.number == noted.number and entry.hash != noted.hash:
            return AuditFault(number=entry.number, text="Its seal is another than was noted.")
    return None


def _said(attempt: Attempt, *, by: str, granted: bool, plan_key: str, comment: str, now: datetime) -> Approval:
    return Approval(
        attempt_id=attempt.id,
        plan_key=plan_key,
        target_state=attempt.target_state,
        by=by,
        granted=granted,
        given_at=now,
        expires_at=now + APPROVAL_HOLDS,
        comment=comment,
    )
