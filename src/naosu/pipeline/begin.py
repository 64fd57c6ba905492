"""Let an attempt begin, if it may: under a lease, with all that `permit` wants to know, and never twice at once."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from naosu.domain.attempt import EVER_RAN, UNDER_WAY, Attempt, AttemptState, Mode, Step
from naosu.domain.errors import ConflictError
from naosu.domain.lease import Lease
from naosu.domain.repair_policy import ATTEMPTS_PER_DAY_MAX, RepairLimits, RepairPolicy
from naosu.domain.repair_stop import RepairStoppedError
from naosu.ports.store.repairs import AttemptQuery, RepairStore
from naosu.repair.permit import DAY, NEVER_AGAIN, Condition, Permit, Reason, Situation, permit
from naosu.repair.promote import mode_in_force

_ROWS_MAX = ATTEMPTS_PER_DAY_MAX + 1


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What only a look at the target and at the metrics can tell; each as in `Situation`."""

    target_state: str
    conditions: tuple[Condition, ...] = ()
    silenced: bool = False
    in_maintenance: bool = False
    naosu_started_at: datetime | None = None
    target_started_at: datetime | None = None
    busy_count: int = 0
    unhealthy_share: float = 0.0
    incidents_per_minute: float = 0.0
    is_applied: bool | None = None


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the wish to begin.

    Attributes:
        attempt: As it is now: *running*, *withdrawn*, or still waiting.
        lease: Held, to be renewed and released by whoever runs the attempt. None: it does not run.
    """

    permit: Permit
    attempt: Attempt
    lease: Lease | None = None


def begin(
    store: RepairStore,
    attempt_id: int,
    *,
    owner: str,
    project: str,
    policy: RepairPolicy,
    surroundings: Surroundings,
    now: datetime,
    mode_max: Mode = Mode.AUTO,
) -> Begun:
    """Ask for the permit while holding the lease, and take the attempt to *running* if it is granted.

    The lease comes first: budget, cooldown and breaker are counted while nobody else can begin on this target.

    Args:
        store: Where attempts are kept.
        attempt_id: An attempt that is *proposed* or *approved*.
        owner: This process, unlike any other and any before it.
        project: Slug of the attempt's project.
        policy: In force.
        surroundings: As of now.
        now: The clock's.
        mode_max: The playbook goes no further.

    Raises:
        NotFoundError: There is no such attempt.
        ConflictError: It has begun already, or never will.
    """
    attempt = store.get_attempt(attempt_id)
    limits, mode = _rules(store, attempt, policy, project=project, mode_max=mode_max)
    ground = policy.ground_of(project, attempt.environment)
    question = _Question(
        store=store,
        attempt=attempt,
        limits=limits,
        mode=mode,
        owner=owner,
        surroundings=surroundings,
        instance_count=ground.instances if ground else 1,
        now=now,
    )
    # Without the lease first: what waits is asked again and again, and leaves no trace of that.
    answer = question.ask(store.get_lease(attempt.target))
    if answer.granted:
        lease = store.take_lease(attempt.target, owner, ttl=timedelta(seconds=limits.lease_s), now=now)
        if lease is None:
            answer = Permit(reason=Reason.LEASE_HELD)
        else:
            answer, running = _ask_again(store, attempt, lease, question.ask, by=owner, now=now)
            if running is not None:
                return Begun(permit=answer, attempt=running, lease=lease)
    return Begun(permit=answer, attempt=_wait(store, attempt_id, answer, mode=mode, by=owner, now=now))


class _Question(msgspec.Struct, frozen=True, kw_only=True):
    """What stays the same between the first question and the second."""

    store: RepairStore
    attempt: Attempt
    limits: RepairLimits
    mode: Mode
    owner: str
    surroundings: Surroundings
    instance_count: int
    now: datetime

    def ask(self, lease: Lease | None) -> Permit:
        """Read what the store knows now, and ask."""
        situation = Situation(
            now=self.now,
            mode=self.mode,
            owner=self.owner,
            approvals=self.store.list_approvals(self.attempt.id),
            history=history_of(self.store, self.attempt, now=self.now),
            stop=self.store.get_repair_stop(),
            instance_count=self.instance_count,
            lease=lease,
            breaker_closed_at=self.store.breaker_closed_at(self.attempt.fingerprint),
            **{name: getattr(self.surroundings, name) for name in Surroundings.__struct_fields__},
        )
        return permit(self.attempt, situation, self.limits)


def _ask_again(
    store: RepairStore, attempt: Attempt, lease: Lease, ask: Callable[[Lease], Permit], *, by: str, now: datetime
) -> tuple[Permit, Attempt | None]:
    """Ask while nobody else can begin on this target, and take the attempt to *running*, or let the lease go."""
    try:
        answer = ask(lease)
        if answer.granted:
            return answer, _run(store, attempt, lease, by=by, now=now)
    except RepairStoppedError:
        answer = Permit(reason=Reason.STOPPED)
    except BaseException:  # why: whatever happens, others must get in; it goes on its way
        store.release_lease(lease, now=now)
        raise
    store.release_lease(lease, now=now)
    return answer, None


def history_of(store: RepairStore, attempt: Attempt, *, now: datetime) -> Sequence[Attempt]:
    """Return the earlier attempts that a permit depends on: what is under way, all of a day, the last for the fault."""
    queries = (
        AttemptQuery(states=UNDER_WAY, target_or_fingerprint=(attempt.target, "")),
        AttemptQuery(target_or_fingerprint=(attempt.target, ""), started_after=now - DAY),
        AttemptQuery(states=EVER_RAN, target_or_fingerprint=("", attempt.fingerprint)),
    )
    # More than a budget can be, or a row of repairs that did not help.
    return list({one.id: one for query in queries for one in store.list_attempts(query, limit=_ROWS_MAX)}.values())


def _rules(
    store: RepairStore, attempt: Attempt, policy: RepairPolicy, *, project: str, mode_max: Mode
) -> tuple[RepairLimits, Mode]:
    """Return the limits, and the least far-reaching of the modes written, earned, and allowed by the playbook."""
    ground = policy.ground_of(project, attempt.environment)
    if ground is None:
        return policy.limits, Mode.OFF
    record = store.get_action_record(attempt.means, project_id=attempt.project_id, environment=attempt.environment)
    earned = mode_in_force(ground.mode_of(attempt.means), record, promote_after=policy.promote_after)
    return policy.limits_of(ground), min(earned, mode_max, key=lambda mode: mode.reach)


def _run(store: RepairStore, attempt: Attempt, lease: Lease, *, by: str, now: datetime) -> Attempt:
    if attempt.state is AttemptState.PROPOSED:
        step = Step(since=AttemptState.PROPOSED, to=AttemptState.APPROVED, reason="by_mode")
        attempt = store.step_attempt(attempt.id, step, by=by, now=now)
    step = Step(since=AttemptState.APPROVED, to=AttemptState.RUNNING, reason="granted", fence=lease.token)
    return store.step_attempt(attempt.id, step, by=by, now=now)


def _wait(store: RepairStore, attempt_id: int, answer: Permit, *, mode: Mode, by: str, now: datetime) -> Attempt:
    """Remember why it does not run; withdraw what never will, and take back an approval that holds no more."""
    attempt = store.get_attempt(attempt_id)
    if not attempt.state.is_open or attempt.state.is_under_way:
        raise ConflictError(f"Attempt {attempt_id} is {attempt.state} by now.")
    if answer.reason in NEVER_AGAIN:
        step = Step(since=attempt.state, to=AttemptState.WITHDRAWN, reason=answer.reason)
        return store.step_attempt(attempt_id, step, by=by, now=now)
    lapsed = {Reason.APPROVAL_EXPIRED, Reason.APPROVAL_MISSING}
    if attempt.state is AttemptState.APPROVED and answer.reason in lapsed:
        step = Step(since=AttemptState.APPROVED, to=AttemptState.PROPOSED, reason=answer.reason)
        store.step_attempt(attempt_id, step, by=by, now=now)
    return store.hold_attempt(attempt_id, reason=answer.reason, mode=mode, by=by, now=now)
