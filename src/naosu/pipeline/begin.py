"""Let an attempt begin, if it may: under a lease, with all that `permit` wants to know, and never twice at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from naosu.domain.attempt import EVER_RAN, UNDER_WAY, Attempt, AttemptState, Mode, Step
from naosu.domain.errors import ConflictError
from naosu.domain.lease import Lease
from naosu.domain.repair_policy import RepairLimits, RepairPolicy
from naosu.domain.repair_stop import RepairStoppedError
from naosu.ports.store.repairs import AttemptQuery, RepairStore
from naosu.repair.permit import DAY, NEVER_AGAIN, Condition, Permit, Reason, Situation, permit
from naosu.repair.promote import mode_in_force

_PAGE = 200


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
    ground = policy.ground_of(project, attempt.environment)
    limits = policy.limits_of(ground) if ground else policy.limits
    mode = _mode(store, attempt, policy, project=project, mode_max=mode_max)
    lease = store.take_lease(attempt.target, owner, ttl=timedelta(seconds=limits.lease_s), now=now)
    try:
        situation = Situation(
            now=now,
            mode=mode,
            owner=owner,
            approvals=store.list_approvals(attempt_id),
            history=history_of(store, attempt, limits, now=now),
            stop=store.get_repair_stop(),
            instance_count=ground.instances if ground else 1,
            lease=lease or store.get_lease(attempt.target),
            breaker_closed_at=store.breaker_closed_at(attempt.fingerprint),
            **msgspec.structs.asdict(surroundings),
        )
        answer = permit(attempt, situation, limits)
        if answer.granted and lease is not None:
            return Begun(permit=answer, attempt=_run(store, attempt, lease, by=owner, now=now), lease=lease)
        if answer.granted:
            answer = Permit(reason=Reason.LEASE_HELD, detail=owner)
    except RepairStoppedError:
        answer = Permit(reason=Reason.STOPPED)
    except BaseException:
        _release(store, lease, now=now)
        raise
    _release(store, lease, now=now)
    return Begun(permit=answer, attempt=_wait(store, attempt_id, answer, mode=mode, by=owner, now=now))


def history_of(store: RepairStore, attempt: Attempt, limits: RepairLimits, *, now: datetime) -> Sequence[Attempt]:
    """Return the earlier attempts that a permit depends on: all of a day, all under way, the last for the fault."""
    both = (attempt.target, attempt.fingerprint)
    found: dict[int, Attempt] = {}
    unfinished = AttemptQuery(states=UNDER_WAY, target_or_fingerprint=both)
    for one in store.list_attempts(unfinished, limit=_PAGE):
        found[one.id] = one
    before_id: int | None = None
    while True:
        query = AttemptQuery(states=EVER_RAN, target_or_fingerprint=both, before_id=before_id)
        page = store.list_attempts(query, limit=_PAGE)
        found |= {one.id: one for one in page}
        same_fault = sum(one.fingerprint == attempt.fingerprint for one in found.values())
        is_enough = same_fault >= limits.stop_after and page and _is_old(page, now=now)
        if len(page) < _PAGE or is_enough:
            return list(found.values())
        before_id = page[-1].id


def _is_old(page: Sequence[Attempt], *, now: datetime) -> bool:
    return all(one.started_at is not None and one.started_at <= now - DAY for one in page)


def _mode(store: RepairStore, attempt: Attempt, policy: RepairPolicy, *, project: str, mode_max: Mode) -> Mode:
    """Return the least far-reaching of what is written, what the record earned, and what the playbook allows."""
    ground = policy.ground_of(project, attempt.environment)
    if ground is None:
        return Mode.OFF
    record = store.get_action_record(attempt.means, project_id=attempt.project_id, environment=attempt.environment)
    earned = mode_in_force(ground.mode_of(attempt.means), record, promote_after=policy.promote_after)
    return min(earned, mode_max, key=lambda mode: mode.reach)


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


def _release(store: RepairStore, lease: Lease | None, *, now: datetime) -> None:
    if lease is not None:
        store.release_lease(lease, now=now)
