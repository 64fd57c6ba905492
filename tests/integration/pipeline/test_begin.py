"""An attempt begins only with its permit, on real stores and with several processes at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from naosu.domain.attempt import Attempt, AttemptState, Mode, Proposal, Step
from naosu.domain.errors import ConflictError
from naosu.domain.repair import Plan, PlanKind, Proof, Risk
from naosu.domain.repair_policy import Ground, RepairLimits, RepairPolicy
from naosu.pipeline.approvals import approve
from naosu.pipeline.begin import Begun, Surroundings, begin
from naosu.ports.store import Store
from naosu.repair.permit import Condition, Reason
from naosu.storage.memory import MemoryStore
from naosu.storage.sqlite import open_sqlite_store

NOW = datetime(2026, 11, 22, tzinfo=UTC)
S = AttemptState
HERE = Surroundings(target_state="v1")


def policy(mode: Mode = Mode.AUTO, **given: Any) -> RepairPolicy:
    limits = RepairLimits(cooldown_s=0, attempts_per_day_max=2, stop_after=9, escalate_after=9)
    ground = Ground(project="shop", modes={"default": mode})
    return RepairPolicy(**{"limits": limits, "projects": (ground,)} | given)


@pytest.fixture(params=["memory", "sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    if request.param == "memory":
        memory = MemoryStore()
        yield lambda: memory
        return
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(open_sqlite_store(tmp_path / "naosu.db"))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


def propose(store: Store, summary: str = "a", *, at: datetime = NOW, **given: Any) -> Attempt:
    proof = Proof(text="")
    plan = Plan(kind=PlanKind.CODE, summary=summary, explanation="", risk=Risk.LOW, proof=proof, undo="")
    values: dict[str, Any] = {
        "plan": plan,
        "action": "restart",
        "target": "shop",
        "target_state": "v1",
        "fingerprint": f"v1:{summary}",
        "fault_seen_at": at,
        "project_id": 1,
        "mode": Mode.AUTO,
    }
    return store.propose_attempt(Proposal(**values | given), by="watch", now=at)


def start(store: Store, attempt: Attempt, *, rules: RepairPolicy | None = None, **given: Any) -> Begun:
    values: dict[str, Any] = {"owner": "one", "project": "shop", "surroundings": HERE, "now": NOW}
    return begin(store, attempt.id, policy=rules or policy(), **values | given)


def finish(store: Store, begun: Begun, *states: AttemptState, now: datetime = NOW) -> Attempt:
    attempt = begun.attempt
    for to in states or (S.VERIFYING, S.FIXED):
        step = Step(since=attempt.state, to=to, fence=begun.lease.token)
        attempt = store.step_attempt(attempt.id, step, by="one", now=now)
    store.release_lease(begun.lease, now=now)
    return attempt


def test_in_mode_auto_an_attempt_runs_under_its_lease(store):
    begun = start(store, propose(store))
    assert (begun.permit.reason, begun.attempt.state) == (Reason.GRANTED, S.RUNNING)
    assert begun.attempt.fence == begun.lease.token == store.get_lease("shop").token
    whats = [entry.what for entry in store.list_audit()]
    assert whats == ["attempt.proposed", "lease.taken", "attempt.approved", "attempt.running"]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (policy(Mode.OFF), Reason.MODE_OFF),
        (policy(Mode.OBSERVE), Reason.MODE_OBSERVE),
        (policy(Mode.APPROVE), Reason.APPROVAL_MISSING),
        (RepairPolicy(), Reason.MODE_OFF),
    ],
    ids=["off", "observe", "approve", "unnamed"],
)
def test_in_any_other_mode_it_waits_and_lets_the_lease_go(store, rules, reason):
    begun = start(store, propose(store), rules=rules)
    assert (begun.permit.reason, begun.attempt.state, begun.attempt.reason) == (reason, S.PROPOSED, reason)
    assert begun.lease is None
    assert store.take_lease("shop", "another", ttl=timedelta(seconds=1), now=NOW) is not None


def test_to_ask_again_and_again_leaves_one_trace(store):
    attempt = propose(store)
    for _ in range(5):
        start(store, attempt, rules=policy(Mode.OBSERVE))
    assert [entry.what for entry in store.list_audit()] == ["attempt.proposed", "attempt.held"]


def test_an_approved_attempt_runs(store):
    attempt = propose(store, mode=Mode.APPROVE)
    approve(store, attempt.id, by="ada", plan_key=attempt.plan.key, now=NOW)
    assert start(store, attempt, rules=policy(Mode.APPROVE)).attempt.state is S.RUNNING


def test_an_approval_that_ran_out_is_asked_for_again(store):
    attempt = propose(store, mode=Mode.APPROVE)
    approve(store, attempt.id, by="ada", plan_key=attempt.plan.key, now=NOW)
    later = NOW + timedelta(minutes=15)
    begun = start(store, attempt, rules=policy(Mode.APPROVE), now=later)
    assert (begun.attempt.state, begun.attempt.reason) == (S.PROPOSED, Reason.APPROVAL_EXPIRED)
    approve(store, attempt.id, by="ada", plan_key=attempt.plan.key, now=later)
    assert start(store, attempt, rules=policy(Mode.APPROVE), now=later).attempt.state is S.RUNNING


def test_a_plan_for_what_is_no_more_is_withdrawn(store):
    attempt = propose(store, mode=Mode.APPROVE)
    approve(store, attempt.id, by="ada", plan_key=attempt.plan.key, now=NOW)
    begun = start(store, attempt, rules=policy(Mode.APPROVE), surroundings=Surroundings(target_state="v2"))
    assert (begun.attempt.state, begun.attempt.reason) == (S.WITHDRAWN, Reason.APPROVAL_VOID)


def test_a_playbook_goes_no_further_than_it_says(store):
    assert start(store, propose(store), mode_max=Mode.OBSERVE).permit.reason is Reason.MODE_OBSERVE


def test_what_is_demoted_waits_and_says_that_it_asks(store):
    finish(store, start(store, propose(store)), S.VERIFYING, S.WORSE, S.ROLLED_BACK)
    begun = start(store, propose(store, "b"))
    assert (begun.permit.reason, begun.attempt.mode) == (Reason.APPROVAL_MISSING, Mode.APPROVE)


def test_what_is_promoted_runs_by_itself(store):
    rules = policy(Mode.APPROVE, promote_after=1)
    first = propose(store, mode=Mode.APPROVE)
    approve(store, first.id, by="ada", plan_key=first.plan.key, now=NOW)
    finish(store, start(store, first, rules=rules))
    assert start(store, propose(store, "b"), rules=rules).attempt.state is S.RUNNING


def test_a_stop_holds_everything(store):
    store.stop_repair(by="ada", now=NOW)
    assert start(store, propose(store)).permit.reason is Reason.STOPPED
    store.resume_repair(by="ada", now=NOW)
    assert start(store, store.get_attempt(1)).attempt.state is S.RUNNING


def test_a_condition_that_does_not_hold_stops_it(store):
    where = Surroundings(target_state="v1", conditions=(Condition(text="load < 1", holds=False),))
    assert start(store, propose(store), surroundings=where).permit.reason is Reason.CONDITION_FALSE


def test_the_budget_of_a_day_holds_over_restarts(open_store):
    for number in (1, 2):
        store = open_store()
        finish(store, start(store, propose(store, str(number)), owner=f"p{number}"))
    begun = start(open_store(), propose(open_store(), "3"), owner="p3")
    assert (begun.permit.reason, begun.permit.again_at) == (Reason.BUDGET_SPENT, NOW + timedelta(days=1))
    assert start(open_store(), begun.attempt, now=NOW + timedelta(days=1)).attempt.state is S.RUNNING


def test_a_fault_that_is_given_up_is_tried_again_once_a_person_had_a_look(store):
    rules = policy(limits=RepairLimits(cooldown_s=0, attempts_per_day_max=9, stop_after=2))
    for number in (1, 2):
        begun = start(store, propose(store, str(number), fingerprint="v1:x"), rules=rules)
        finish(store, begun, S.VERIFYING, S.NOT_FIXED)
    last = propose(store, "3", fingerprint="v1:x")
    begun = start(store, last, rules=rules)
    assert (begun.permit.reason, begun.permit.calls_person) == (Reason.GIVEN_UP, True)
    store.close_breaker("v1:x", by="ada", now=NOW)
    assert start(store, last, rules=rules).attempt.state is S.RUNNING


def test_what_runs_already_does_not_begin_again(store):
    attempt = propose(store)
    begun = start(store, attempt)
    with pytest.raises(ConflictError):
        start(store, attempt)
    store.release_lease(begun.lease, now=NOW)
    with pytest.raises(ConflictError):
        start(store, attempt)
    assert store.take_lease("shop", "x", ttl=timedelta(seconds=1), now=NOW) is not None


def test_of_several_processes_one_begins_and_the_others_say_why(open_store):
    attempts = [propose(open_store(), str(number)) for number in range(3)]
    stores = [open_store() for _ in attempts]
    with ThreadPoolExecutor(3) as pool:
        begun = list(
            pool.map(lambda n: start(stores[n], attempts[n], owner=f"p{n}", rules=policy()), range(len(attempts)))
        )
    states = sorted(one.attempt.state for one in begun)
    assert states == [S.PROPOSED, S.PROPOSED, S.RUNNING]
    reasons = {one.permit.reason for one in begun if one.lease is None}
    assert reasons <= {Reason.LEASE_HELD, Reason.UNFINISHED}
