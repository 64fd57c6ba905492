"""A simulated year of repairs: whatever happens in whatever order, some things never do."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naosu.domain.attempt import APPROVAL_HOLDS, Approval, Attempt, AttemptState, Mode, Step
from naosu.domain.lease import Lease
from naosu.domain.repair import Plan, PlanKind, Proof, Risk
from naosu.domain.repair_policy import RepairLimits
from naosu.domain.repair_stop import RepairStop
from naosu.repair.permit import Permit, Situation, permit

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TARGETS = ("shop", "blog")
PEOPLE = ("ada", "bob")
ENDS = (AttemptState.FIXED, AttemptState.NOT_FIXED, AttemptState.WORSE, AttemptState.CANNOT_TELL)

limits = st.builds(
    RepairLimits,
    cooldown_s=st.sampled_from([0.0, 0.0, 60.0, 600.0]),
    cooldown_factor=st.sampled_from([1.0, 2.0]),
    attempts_per_day_max=st.sampled_from([0, 1, 2, 3, 9]),
    boot_grace_s=st.sampled_from([0.0, 60.0]),
    stop_after=st.integers(1, 9),
    escalate_after=st.integers(1, 9),
)
modes = st.sampled_from([Mode.AUTO, Mode.AUTO, Mode.APPROVE, Mode.APPROVE, Mode.OBSERVE, Mode.OFF])
moves = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 400, 900, 4_000, 40_000])),
    st.tuples(st.just("propose"), st.sampled_from(TARGETS), st.sampled_from("ab"), modes),
    st.tuples(st.just("begin"), st.sampled_from("abcd"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("approve"), st.integers(0, 9), st.sampled_from(PEOPLE), st.booleans()),
    st.tuples(st.just("run"), st.integers(0, 9), st.sampled_from(["one", "two"])),
    st.tuples(st.just("end"), st.integers(0, 9), st.sampled_from(ENDS)),
    st.tuples(st.just("change"), st.sampled_from(TARGETS)),
    st.tuples(st.sampled_from(["stop", "go"])),
)


class World:
    """Naosu without a store: what is asked for is permitted by `permit` alone."""

    def __init__(self, limits: RepairLimits) -> None:
        self.limits = limits
        self.now = START
        self.attempts: list[Attempt] = []
        self.approvals: list[Approval] = []
        self.states = dict.fromkeys(TARGETS, 0)
        self.leases: dict[str, Lease] = {}
        self.stop: RepairStop | None = None
        self.ran: list[tuple[Attempt, Permit, bool]] = []

    def move(self, name: str, *rest) -> None:
        getattr(self, name)(*rest)

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def propose(self, target: str, fault: str, mode: Mode) -> None:
        number = len(self.attempts) + 1
        proof = Proof(text="")
        plan = Plan(kind=PlanKind.CODE, summary=str(number), explanation="", risk=Risk.LOW, proof=proof, undo="")
        self.attempts.append(
            Attempt(
                id=number,
                plan=plan,
                action=f"action-{number % 3}",
                target=target,
                target_state=str(self.states[target]),
                fingerprint=fault,
                fault_seen_at=self.now,
                proposed_at=self.now,
                mode=mode,
            )
        )

    def approve(self, which: int, by: str, granted: bool) -> None:
        if attempt := self.pick(which, AttemptState.PROPOSED):
            self.approvals.append(
                Approval(
                    attempt_id=attempt.id,
                    plan_key=attempt.plan.key,
                    target_state=attempt.target_state,
                    by=by,
                    granted=granted,
                    given_at=self.now,
                    expires_at=self.now + APPROVAL_HOLDS,
                )
            )

    def run(self, which: int, owner: str) -> None:
        attempt = self.pick(which, AttemptState.PROPOSED)
        if attempt is None:
            return
        mine = tuple(one for one in self.approvals if one.attempt_id == attempt.id)
        situation = Situation(
            now=self.now,
            mode=attempt.mode,
            target_state=str(self.states[attempt.target]),
            owner=owner,
            approvals=mine,
            history=self.attempts,
            stop=self.stop,
            lease=self.leases.get(attempt.target),
        )
        answer = permit(attempt, situation, self.limits)
        if not answer.granted:
            return
        self.ran.append((attempt, answer, self.is_approved(attempt)))
        self.leases[attempt.target] = Lease(
            target=attempt.target, owner=owner, token=1, expires_at=self.now + timedelta(seconds=60)
        )
        self.step(attempt, AttemptState.APPROVED)
        self.step(attempt, AttemptState.RUNNING)

    def begin(self, fault: str, owner: str) -> None:
        """Propose and run at once, on the first target: what happens most."""
        self.propose(TARGETS[0], fault, Mode.AUTO)
        self.run(-1, owner)

    def end(self, which: int, state: AttemptState) -> None:
        if attempt := self.pick(which, AttemptState.RUNNING):
            self.step(attempt, AttemptState.VERIFYING)
            self.step(attempt, state)

    def change(self, target: str) -> None:
        self.states[target] += 1

    def go(self) -> None:
        self.stop = None

    def pick(self, which: int, state: AttemptState) -> Attempt | None:
        found = [one for one in self.attempts if one.state is state]
        return found[which % len(found)] if found else None

    def step(self, attempt: Attempt, to: AttemptState) -> None:
        now = self.attempts[attempt.id - 1]
        self.attempts[attempt.id - 1] = now.stepped(Step(since=now.state, to=to), now=self.now)

    def is_approved(self, attempt: Attempt) -> bool:
        """Judge by other means than `permit` does: somebody said yes, lately, and to what is still there."""
        last = {one.by: one for one in self.approvals if one.attempt_id == attempt.id}
        return any(
            one.granted
            and one.given_at > self.now - APPROVAL_HOLDS
            and int(one.target_state) == self.states[attempt.target]
            for one in last.values()
        )


def stop_of(world: World) -> None:
    world.stop = RepairStop(stopped_at=world.now, by="ada")


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(limits=limits, steps=st.lists(moves, min_size=5, max_size=60))
def test_nothing_runs_past_its_daily_budget_nor_twice_at_once_nor_unapproved_nor_after_a_stop(limits, steps):
    world = World(limits)
    for name, *rest in steps:
        ran_before = len(world.ran)
        stop_of(world) if name == "stop" else world.move(name, *rest)
        for target in TARGETS:
            under_way = [one for one in world.attempts if one.target == target and one.state.is_under_way]
            assert len(under_way) <= 1
            begun = [one.started_at for one in world.attempts if one.target == target and one.started_at]
            assert sum(at > world.now - DAY for at in begun) <= limits.attempts_per_day_max
        for attempt, _, was_approved in world.ran[ran_before:]:
            assert world.stop is None
            assert attempt.mode in {Mode.APPROVE, Mode.AUTO}
            assert was_approved or attempt.mode is Mode.AUTO
            assert int(attempt.target_state) == world.states[attempt.target]


@given(limits=limits, steps=st.lists(moves, min_size=5, max_size=60))
def test_the_answer_is_the_same_in_whichever_order_the_history_is_told(limits, steps):
    world = World(limits)
    for name, *rest in steps:
        if name != "stop":
            world.move(name, *rest)
    for attempt in world.attempts:
        situation = Situation(now=world.now, mode=Mode.AUTO, target_state=attempt.target_state, owner="x")
        there = msgspec.structs.replace(situation, history=world.attempts)
        back = msgspec.structs.replace(situation, history=world.attempts[::-1])
        assert permit(attempt, there, limits).reason is permit(attempt, back, limits).reason


@given(
    mode=st.sampled_from(list(Mode)),
    yes=st.lists(st.sampled_from(PEOPLE), max_size=4),
    reversible=st.booleans(),
    risk=st.sampled_from(list(Risk)),
)
def test_a_stop_outweighs_everything(mode, yes, reversible, risk):
    world = World(RepairLimits())
    world.propose("shop", "a", mode)
    attempt = msgspec.structs.replace(
        world.attempts[0], reversible=reversible, plan=msgspec.structs.replace(world.attempts[0].plan, risk=risk)
    )
    for by in yes:
        world.approve(0, by, True)
    situation = Situation(
        now=world.now,
        mode=mode,
        target_state=attempt.target_state,
        owner="one",
        approvals=world.approvals,
        stop=RepairStop(stopped_at=START, by="ada"),
    )
    assert not permit(attempt, situation, RepairLimits()).granted
