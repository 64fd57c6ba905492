"""Whether an attempt may run now, and if not, why.

The order of the reasons is a promise (docs/adr/repair-permit.md): of several that hold, the first is given. What a
person decided comes before what Naosu counts, and what can wait comes before what needs somebody.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from naosu.domain.attempt import Approval, Attempt, AttemptState, Mode
from naosu.domain.lease import Lease
from naosu.domain.repair import Risk
from naosu.domain.repair_policy import RepairLimits
from naosu.domain.repair_stop import RepairStop
from naosu.repair.effect import ineffective_row

DAY = timedelta(days=1)


class Reason(StrEnum):
    """Why an attempt may not run, in the promised order; the last: it may."""

    STOPPED = "stopped"
    MODE_OFF = "mode_off"
    MODE_OBSERVE = "mode_observe"
    REJECTED = "rejected"
    APPROVAL_MISSING = "approval_missing"
    APPROVAL_EXPIRED = "approval_expired"
    APPROVAL_VOID = "approval_void"
    SILENCED = "silenced"
    MAINTENANCE = "maintenance"
    BOOT_GRACE = "boot_grace"
    CONDITION_FALSE = "condition_false"
    CONDITION_UNKNOWN = "condition_unknown"
    COOLDOWN = "cooldown"
    BUDGET_SPENT = "budget_spent"
    BLAST_RADIUS = "blast_radius"
    STORM = "storm"
    LEASE_HELD = "lease_held"
    UNFINISHED = "unfinished"
    ALREADY_APPLIED = "already_applied"
    GIVEN_UP = "given_up"
    INEFFECTIVE = "ineffective"
    GRANTED = "granted"


NEVER_AGAIN = frozenset({Reason.REJECTED, Reason.APPROVAL_VOID, Reason.ALREADY_APPLIED, Reason.INEFFECTIVE})
"""After these the attempt never runs as it is: its plan is for what is no more, or another plan is wanted."""


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """The answer.

    Attributes:
        detail: What exactly holds, for people: numbers, names. Not translated; the reason is.
        again_at: When it may be otherwise by itself. None: something else has to change first.
        calls_person: A person must be told, for Naosu will not go on by itself.
        escalates: Another means of repair may run in its place.
    """

    reason: Reason
    detail: str = ""
    again_at: datetime | None = None
    calls_person: bool = False
    escalates: bool = False

    @property
    def granted(self) -> bool:
        """Whether the attempt may run."""
        return self.reason is Reason.GRANTED


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """A precondition, evaluated.

    Attributes:
        text: As it is written in the playbook.
        holds: None: it could not be evaluated; that is as good as false.
    """

    text: str
    holds: bool | None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """All that the answer depends on, beside the attempt and the limits.

    Attributes:
        now: The clock's.
        mode: In force for this attempt's means, after promotion and demotion.
        target_state: What the target is now.
        owner: Who asks: the process that would act.
        approvals: Of this attempt.
        history: Earlier attempts on the same target or for the same fingerprint, in any order: at least those that
            began within the last 24 hours or are not over, and the last `stop_after` for the fingerprint.
        silenced: A silence covers the target.
        in_maintenance: So does a maintenance window, or a deploy is under way.
        naosu_started_at, target_started_at: None: unknown, and long ago.
        instance_count, busy_count: How many instances the target has, and how many are being worked on.
        unhealthy_share: Of all targets. 0 to 1.
        incidents_per_minute: New ones.
        lease: On the target, as stored. None: nobody ever had one.
        is_applied: What the target itself says of this plan. None: it cannot say.
        breaker_closed_at: When a person last told Naosu to try this fingerprint again.
    """

    now: datetime
    mode: Mode
    target_state: str
    owner: str
    approvals: Sequence[Approval] = ()
    history: Sequence[Attempt] = ()
    conditions: Sequence[Condition] = ()
    stop: RepairStop | None = None
    silenced: bool = False
    in_maintenance: bool = False
    naosu_started_at: datetime | None = None
    target_started_at: datetime | None = None
    instance_count: int = 1
    busy_count: int = 0
    unhealthy_share: float = 0.0
    incidents_per_minute: float = 0.0
    lease: Lease | None = None
    is_applied: bool | None = None
    breaker_closed_at: datetime | None = None


def permit(attempt: Attempt, situation: Situation, limits: RepairLimits) -> Permit:
    """Say whether the attempt may run, and if not, why: the first reason that holds, in the order of `Reason`."""
    for found in _objections(attempt, situation, limits):
        return found
    return Permit(reason=Reason.GRANTED)


def approvals_needed(mode: Mode, risk: Risk, *, reversible: bool) -> int:
    """Return how many people must approve.

    What cannot be undone and puts much at stake takes two, in every mode: no record of successes makes it automatic.
    """
    if risk is Risk.HIGH and not reversible:
        return 2
    return 0 if mode is Mode.AUTO else 1


def _objections(attempt: Attempt, situation: Situation, limits: RepairLimits) -> Iterator[Permit]:
    """Yield what speaks against it, in the promised order."""
    yield from _switched_off(situation)
    yield from _not_approved(attempt, situation)
    yield from _quiet(situation)
    yield from _booting(situation, limits)
    yield from _unmet(situation)
    mine = [one for one in situation.history if one.target == attempt.target and one.id != attempt.id]
    yield from _cooling_down(mine, situation, limits)
    yield from _over_budget(mine, situation, limits)
    yield from _too_wide(situation, limits)
    yield from _taken(mine, situation)
    yield from _already_applied(attempt, situation)
    yield from _ineffective(attempt, situation, limits)


def _switched_off(situation: Situation) -> Iterator[Permit]:
    if situation.stop is not None:
        text = (
            f"by {situation.stop.by}: {situation.stop.reason}" if situation.stop.reason else f"by {situation.stop.by}"
        )
        yield Permit(reason=Reason.STOPPED, detail=text)
    if situation.mode is Mode.OFF:
        yield Permit(reason=Reason.MODE_OFF)
    if situation.mode is Mode.OBSERVE:
        yield Permit(reason=Reason.MODE_OBSERVE)


def _not_approved(attempt: Attempt, situation: Situation) -> Iterator[Permit]:
    latest = _latest_words(attempt, situation.approvals)
    refused = next((one for one in latest if not one.granted), None)
    if refused is not None:
        yield Permit(reason=Reason.REJECTED, detail=refused.by)
    needed = approvals_needed(situation.mode, attempt.risk, reversible=attempt.reversible)
    bound = [one for one in latest if one.granted and one.plan_key == attempt.plan.key]
    fresh = [one for one in bound if situation.now < one.expires_at]
    valid = [one for one in fresh if one.target_state == attempt.target_state == situation.target_state]
    count = f"{len(valid)} of {needed}"
    if len(bound) < needed:
        yield Permit(reason=Reason.APPROVAL_MISSING, detail=count, calls_person=True)
    if len(fresh) < needed:
        yield Permit(reason=Reason.APPROVAL_EXPIRED, detail=count, calls_person=True)
    # In mode auto nobody approved, and still a plan is only good for the target that it was made for.
    if len(valid) < needed or attempt.target_state != situation.target_state:
        yield Permit(reason=Reason.APPROVAL_VOID, detail="the target is not what the plan was made for")


def _latest_words(attempt: Attempt, approvals: Sequence[Approval]) -> list[Approval]:
    """Return the last that each person said to this attempt."""
    mine = sorted((one for one in approvals if one.attempt_id == attempt.id), key=lambda one: one.given_at)
    return list({one.by: one for one in mine}.values())


def _quiet(situation: Situation) -> Iterator[Permit]:
    if situation.silenced:
        yield Permit(reason=Reason.SILENCED)
    if situation.in_maintenance:
        yield Permit(reason=Reason.MAINTENANCE)


def _booting(situation: Situation, limits: RepairLimits) -> Iterator[Permit]:
    started = [at for at in (situation.naosu_started_at, situation.target_started_at) if at is not None]
    ready_at = max(started, default=situation.now - DAY) + timedelta(seconds=limits.boot_grace_s)
    if started and situation.now < ready_at:
        yield Permit(reason=Reason.BOOT_GRACE, again_at=ready_at)


def _unmet(situation: Situation) -> Iterator[Permit]:
    for condition in situation.conditions:
        if condition.holds is False:
            yield Permit(reason=Reason.CONDITION_FALSE, detail=condition.text)
    for condition in situation.conditions:
        if condition.holds is None:
            yield Permit(reason=Reason.CONDITION_UNKNOWN, detail=condition.text)


def _cooling_down(mine: Sequence[Attempt], situation: Situation, limits: RepairLimits) -> Iterator[Permit]:
    over = sorted((one for one in mine if one.started_at and one.ended_at), key=_over_at, reverse=True)
    if not over:
        return
    failures = next((number for number, one in enumerate(over) if one.state is AttemptState.FIXED), len(over))
    wait_s = min(limits.cooldown_s * limits.cooldown_factor ** max(0, failures - 1), DAY.total_seconds())
    again_at = _over_at(over[0]) + timedelta(seconds=wait_s)
    if situation.now < again_at:
        yield Permit(reason=Reason.COOLDOWN, detail=f"{wait_s:g} s after attempt {over[0].id}", again_at=again_at)


def _over_at(attempt: Attempt) -> datetime:
    """Return when it let go of its target."""
    ended = [at for at in (attempt.ended_at, attempt.rolled_back_at) if at is not None]
    return max(ended, default=attempt.proposed_at)


def _over_budget(mine: Sequence[Attempt], situation: Situation, limits: RepairLimits) -> Iterator[Permit]:
    begun = sorted(one.started_at for one in mine if one.started_at and one.started_at > situation.now - DAY)
    if len(begun) < limits.attempts_per_day_max:
        return
    freed = begun[len(begun) - limits.attempts_per_day_max :][:1]
    yield Permit(
        reason=Reason.BUDGET_SPENT,
        detail=f"{len(begun)} of {limits.attempts_per_day_max} in 24 hours",
        again_at=freed[0] + DAY if freed else None,
        calls_person=True,
    )


def _too_wide(situation: Situation, limits: RepairLimits) -> Iterator[Permit]:
    allowed = max(1, int(situation.instance_count * limits.instances_share_max))
    if situation.busy_count + 1 > allowed:
        detail = f"{situation.busy_count} of {situation.instance_count} instances are worked on, {allowed} may be"
        yield Permit(reason=Reason.BLAST_RADIUS, detail=detail)
    if situation.unhealthy_share > limits.storm_unhealthy_share:
        yield Permit(reason=Reason.STORM, detail=f"{situation.unhealthy_share:.0%} are unhealthy", calls_person=True)
    if situation.incidents_per_minute > limits.storm_incidents_per_minute_max:
        detail = f"{situation.incidents_per_minute:g} incidents a minute"
        yield Permit(reason=Reason.STORM, detail=detail, calls_person=True)


def _taken(mine: Sequence[Attempt], situation: Situation) -> Iterator[Permit]:
    lease = situation.lease
    if lease is not None and lease.is_held(now=situation.now) and lease.owner != situation.owner:
        yield Permit(reason=Reason.LEASE_HELD, detail=lease.owner, again_at=lease.expires_at)
    for other in mine:
        if other.state.is_under_way:
            yield Permit(reason=Reason.UNFINISHED, detail=f"attempt {other.id} is {other.state}")


def _already_applied(attempt: Attempt, situation: Situation) -> Iterator[Permit]:
    if situation.is_applied:
        yield Permit(reason=Reason.ALREADY_APPLIED, detail="the target says so")
    for other in situation.history:
        ran = other.started_at is not None and other.state is not AttemptState.ROLLED_BACK
        if ran and other.id != attempt.id and other.idempotency_key == attempt.idempotency_key:
            yield Permit(reason=Reason.ALREADY_APPLIED, detail=f"by attempt {other.id}")


def _ineffective(attempt: Attempt, situation: Situation, limits: RepairLimits) -> Iterator[Permit]:
    row = ineffective_row(attempt, situation.history, watch_s=limits.watch_s, since=situation.breaker_closed_at)
    if len(row) >= limits.stop_after:
        yield Permit(reason=Reason.GIVEN_UP, detail=f"{len(row)} repairs in a row did not help", calls_person=True)
    same = next((number for number, one in enumerate(row) if one.means != attempt.means), len(row))
    if same >= limits.escalate_after:
        detail = f"{attempt.means} did not help {same} times in a row"
        yield Permit(reason=Reason.INEFFECTIVE, detail=detail, escalates=True)
