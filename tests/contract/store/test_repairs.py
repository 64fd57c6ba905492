"""Attempts, approvals, leases, records, the stop and the audit chain: alike in every store."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from naosu.domain.attempt import AttemptState, ImpossibleStepError, Mode, Step
from naosu.domain.audit import AuditHead, first_fault
from naosu.domain.errors import ConflictError, NotFoundError
from naosu.domain.lease import LeaseLostError
from naosu.domain.repair import Verdict
from naosu.domain.repair_stop import RepairStoppedError
from naosu.ports.store import Store
from naosu.ports.store.repairs import AttemptQuery

from .builders import NOW
from .repair_builders import SECOND, TTL, a_proposal, approval_of, propose, walk

S = AttemptState
TO_FIXED = (S.APPROVED, S.RUNNING, S.VERIFYING, S.FIXED)
HANDS = 4


def at_once(open_store: Callable[[], Store], work: Callable[[Store, int], Any]) -> list[Any]:
    """Do the same from several connections at once, and return what each got; an error counts as its class."""
    stores = [open_store() for _ in range(HANDS)]

    def one(number: int) -> Any:
        try:
            return work(stores[number], number)
        except ConflictError as error:
            return type(error)

    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(one, range(HANDS)))


# ── attempts ──


def test_an_attempt_comes_back_as_it_was_proposed(store: Store) -> None:
    attempt = propose(store)
    again = store.get_attempt(attempt.id)
    assert again == attempt
    assert (again.state, again.proposed_at, again.plan.key) == (S.PROPOSED, NOW, a_proposal().plan.key)


def test_an_attempt_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.get_attempt(7)


def test_the_same_plan_is_not_proposed_twice_while_it_is_open(store: Store) -> None:
    first = propose(store)
    assert propose(store).id == first.id
    walk(store, first, *TO_FIXED)
    assert propose(store).id != first.id


@pytest.mark.parametrize("change", [{"target_state": "v2"}, {"fingerprint": "v1:b"}, {"target": "blog"}], ids=str)
def test_what_differs_in_anything_is_another_attempt(store: Store, change: dict) -> None:
    assert propose(store, **change).id != propose(store).id


def test_only_one_of_several_processes_proposes_the_same(open_store: Callable[[], Store]) -> None:
    attempts = at_once(open_store, lambda store, _: propose(store))
    assert len({attempt.id for attempt in attempts}) == 1


def test_attempts_are_listed_newest_first_by_whatever_is_asked(store: Store) -> None:
    one = propose(store, "one", issue_id=5)
    two = propose(store, "two", target="blog", fingerprint="v1:b", project_id=2)
    three = propose(store, "three", target="blog", fingerprint="v1:c", project_id=2)
    walk(store, three, S.APPROVED)

    def found(**query: Any) -> list[int]:
        return [attempt.id for attempt in store.list_attempts(AttemptQuery(**query))]

    assert found() == [three.id, two.id, one.id]
    assert found(project_id=2) == [three.id, two.id]
    assert found(issue_id=5) == [one.id]
    assert found(states=[S.PROPOSED]) == [two.id, one.id]
    assert found(target_or_fingerprint=("blog", "v1:a")) == [three.id, two.id, one.id]
    assert found(target_or_fingerprint=("x", "v1:b")) == [two.id]
    assert found(before_id=three.id) == [two.id, one.id]
    walk(store, two, S.APPROVED, S.RUNNING)
    assert found(started_after=NOW + SECOND) == [two.id]
    assert found(started_after=NOW + 2 * SECOND) == []
    assert [attempt.id for attempt in store.list_attempts(AttemptQuery(), limit=1)] == [three.id]


def test_a_step_keeps_what_was_learnt_in_it(store: Store) -> None:
    attempt = walk(store, propose(store), *TO_FIXED)
    assert store.get_attempt(attempt.id) == attempt
    assert (attempt.verdict, attempt.reason, attempt.fence) == (Verdict.FIXED, "because", 1)
    assert [check.name for check in attempt.checks] == [state.value for state in TO_FIXED]
    assert (attempt.started_at, attempt.ended_at) == (NOW + 2 * SECOND, NOW + 4 * SECOND)


def test_no_store_takes_a_step_that_no_attempt_takes(store: Store) -> None:
    attempt = propose(store)
    with pytest.raises(ImpossibleStepError):
        walk(store, attempt, S.RUNNING)
    assert store.get_attempt(attempt.id).state is S.PROPOSED


def test_a_step_from_where_the_attempt_no_longer_is_is_refused(store: Store) -> None:
    attempt = walk(store, propose(store), S.APPROVED)
    with pytest.raises(ConflictError):
        store.step_attempt(attempt.id, Step(since=S.PROPOSED, to=S.APPROVED), by="b", now=NOW)


def test_of_several_that_take_the_same_step_one_does(open_store: Callable[[], Store]) -> None:
    attempt = propose(open_store())
    step = Step(since=S.PROPOSED, to=S.APPROVED)
    got = at_once(open_store, lambda store, _: store.step_attempt(attempt.id, step, by="b", now=NOW).state)
    assert Counter(got) == {S.APPROVED: 1, ConflictError: HANDS - 1}


# ── one at a time ──


@pytest.mark.parametrize("fence", [0, 99])
def test_nothing_runs_without_the_lease_on_its_target(store: Store, fence: int) -> None:
    attempt = walk(store, propose(store), S.APPROVED)
    with pytest.raises(LeaseLostError):
        store.step_attempt(attempt.id, Step(since=S.APPROVED, to=S.RUNNING, fence=fence), by="b", now=NOW)


def test_what_was_done_under_a_lease_that_ran_out_counts_no_more(store: Store) -> None:
    attempt = walk(store, propose(store), S.APPROVED)
    lease = store.take_lease(attempt.target, "one", ttl=TTL, now=NOW)
    walk(store, attempt, S.RUNNING, fence=lease.token)
    step = Step(since=S.RUNNING, to=S.VERIFYING, fence=lease.token)
    with pytest.raises(LeaseLostError):
        store.step_attempt(attempt.id, step, by="one", now=NOW + TTL)
    taken_over = store.take_lease(attempt.target, "two", ttl=TTL, now=NOW + TTL)
    with pytest.raises(LeaseLostError):
        store.step_attempt(attempt.id, step, by="one", now=NOW + TTL)
    later = msgspec.structs.replace(step, fence=taken_over.token)
    assert store.step_attempt(attempt.id, later, by="two", now=NOW + TTL).fence == taken_over.token


def test_a_rollback_needs_the_lease_too(store: Store) -> None:
    attempt = walk(store, propose(store), S.APPROVED, S.RUNNING, S.NOT_FIXED)
    with pytest.raises(LeaseLostError):
        store.step_attempt(attempt.id, Step(since=S.NOT_FIXED, to=S.ROLLED_BACK), by="b", now=NOW)
    assert walk(store, attempt, S.ROLLED_BACK).verdict is Verdict.NOT_FIXED


def test_even_under_one_lease_two_attempts_on_a_target_are_never_under_way(store: Store) -> None:
    lease = store.take_lease("shop/production", "one", ttl=TTL, now=NOW)
    one, two, other = propose(store, "one"), propose(store, "two"), propose(store, "three", target="blog")
    walk(store, one, S.APPROVED, S.RUNNING, fence=lease.token)
    with pytest.raises(ConflictError):
        walk(store, two, S.APPROVED, S.RUNNING, fence=lease.token)
    assert store.get_attempt(two.id).state is S.APPROVED
    assert walk(store, other, S.APPROVED, S.RUNNING).state is S.RUNNING
    walk(store, store.get_attempt(one.id), S.VERIFYING, S.FIXED, fence=lease.token)
    assert walk(store, store.get_attempt(two.id), S.RUNNING, fence=lease.token).state is S.RUNNING


def test_of_several_processes_one_gets_the_lease(open_store: Callable[[], Store]) -> None:
    for number in range(1, 6):
        now = NOW + number * TTL
        got = at_once(open_store, lambda store, hand: store.take_lease("shop", f"p{hand}", ttl=TTL, now=now))  # noqa: B023
        held = [lease for lease in got if lease is not None]
        assert [lease.token for lease in held] == [number]


def test_a_lease_that_is_held_is_not_taken_even_by_its_owner(store: Store) -> None:
    assert store.take_lease("shop", "one", ttl=TTL, now=NOW) is not None
    assert store.take_lease("shop", "two", ttl=TTL, now=NOW) is None
    assert store.take_lease("shop", "one", ttl=TTL, now=NOW + TTL - SECOND) is None
    assert store.take_lease("blog", "two", ttl=TTL, now=NOW) is not None


def test_a_lease_can_be_taken_from_the_instant_on_in_which_it_ends(store: Store) -> None:
    store.take_lease("shop", "one", ttl=TTL, now=NOW)
    assert store.take_lease("shop", "two", ttl=TTL, now=NOW + TTL).owner == "two"


def test_tokens_grow_whatever_becomes_of_leases(store: Store) -> None:
    tokens = []
    for number in range(4):
        now = NOW + number * TTL
        lease = store.take_lease("shop", f"p{number % 2}", ttl=TTL, now=now)
        tokens.append(lease.token)
        if number == 1:
            store.release_lease(lease, now=now)
    assert tokens == [1, 2, 3, 4]


def test_a_renewed_lease_holds_for_longer_under_its_token(store: Store) -> None:
    lease = store.take_lease("shop", "one", ttl=TTL, now=NOW)
    renewed = store.renew_lease(lease, ttl=TTL, now=NOW + TTL - SECOND)
    assert (renewed.token, renewed.expires_at) == (lease.token, NOW + 2 * TTL - SECOND)
    assert store.get_lease("shop") == renewed
    assert store.take_lease("shop", "two", ttl=TTL, now=NOW + TTL) is None


def test_a_lost_lease_is_not_renewed(store: Store) -> None:
    lease = store.take_lease("shop", "one", ttl=TTL, now=NOW)
    with pytest.raises(LeaseLostError):
        store.renew_lease(lease, ttl=TTL, now=NOW + TTL)
    store.take_lease("shop", "one", ttl=TTL, now=NOW + TTL)
    with pytest.raises(LeaseLostError):
        store.renew_lease(lease, ttl=TTL, now=NOW + TTL)
    with pytest.raises(LeaseLostError):
        store.renew_lease(msgspec.structs.replace(lease, target="nobody's"), ttl=TTL, now=NOW)


def test_a_released_lease_lets_others_in_at_once(store: Store) -> None:
    lease = store.take_lease("shop", "one", ttl=TTL, now=NOW)
    store.release_lease(lease, now=NOW)
    assert not store.get_lease("shop").is_held(now=NOW)
    assert store.take_lease("shop", "two", ttl=TTL, now=NOW).token == 2


def test_who_lost_a_lease_cannot_release_that_of_another(store: Store) -> None:
    lost = store.take_lease("shop", "one", ttl=TTL, now=NOW)
    held = store.take_lease("shop", "two", ttl=TTL, now=NOW + TTL)
    store.release_lease(lost, now=NOW + TTL)
    assert store.get_lease("shop") == held


def test_a_target_that_nobody_touched_has_no_lease(store: Store) -> None:
    assert store.get_lease("shop") is None


# ── approvals ──


def test_what_people_said_is_kept_in_order(store: Store) -> None:
    attempt = propose(store)
    given = [approval_of(attempt), approval_of(attempt, by="bob@example.com")]
    for one in given:
        store.add_approval(one)
    assert store.list_approvals(attempt.id) == given
    assert store.list_approvals(attempt.id + 1) == []
    assert store.get_attempt(attempt.id).state is S.PROPOSED


@pytest.mark.parametrize("state", [S.PROPOSED, S.APPROVED])
def test_a_no_withdraws_what_has_not_begun(store: Store, state: AttemptState) -> None:
    attempt = propose(store)
    attempt = walk(store, attempt, state) if state is not S.PROPOSED else attempt
    store.add_approval(approval_of(attempt, granted=False))
    withdrawn = store.get_attempt(attempt.id)
    assert (withdrawn.state, withdrawn.reason, withdrawn.ended_at) == (S.WITHDRAWN, "rejected", NOW)


def test_nobody_approves_another_plan_than_they_saw(store: Store) -> None:
    attempt = propose(store)
    for change in ({"plan_key": "0" * 64}, {"target_state": "v2"}):
        with pytest.raises(ConflictError):
            store.add_approval(approval_of(attempt, **change))
    assert store.list_approvals(attempt.id) == []


def test_nobody_approves_what_has_begun_or_is_not_there(store: Store) -> None:
    attempt = walk(store, propose(store), S.APPROVED, S.RUNNING)
    with pytest.raises(ConflictError):
        store.add_approval(approval_of(attempt))
    with pytest.raises(NotFoundError):
        store.add_approval(approval_of(attempt, attempt_id=99))


def test_why_an_attempt_waits_is_kept_and_told_once(store: Store) -> None:
    attempt = propose(store)
    for _ in range(3):
        held = store.hold_attempt(attempt.id, reason="cooldown", mode=Mode.AUTO, by="watch", now=NOW)
    assert store.get_attempt(attempt.id) == held
    assert (held.reason, held.mode, held.state) == ("cooldown", Mode.AUTO, S.PROPOSED)
    store.hold_attempt(attempt.id, reason="storm", mode=Mode.AUTO, by="watch", now=NOW)
    assert whole_chain(store) == ["attempt.proposed", "attempt.held", "attempt.held"]


def test_what_has_begun_waits_no_more(store: Store) -> None:
    attempt = walk(store, propose(store), S.APPROVED, S.RUNNING)
    with pytest.raises(ConflictError):
        store.hold_attempt(attempt.id, reason="cooldown", mode=Mode.AUTO, by="watch", now=NOW)
    with pytest.raises(NotFoundError):
        store.hold_attempt(99, reason="cooldown", mode=Mode.AUTO, by="watch", now=NOW)


# ── the stop, the breaker, the records ──


def test_nothing_begins_after_a_stop(store: Store) -> None:
    running, waiting = propose(store, "a", target="blog"), propose(store, "b")
    running = walk(store, running, S.APPROVED, S.RUNNING)
    stop = store.stop_repair(by="ada", reason="no", now=NOW)
    assert store.get_repair_stop() == stop
    with pytest.raises(RepairStoppedError):
        walk(store, waiting, S.APPROVED, S.RUNNING)
    assert walk(store, running, S.VERIFYING, S.WORSE, S.ROLLED_BACK).state is S.ROLLED_BACK


def test_whoever_stopped_first_stays_named(store: Store) -> None:
    first = store.stop_repair(by="ada", reason="no", now=NOW)
    assert store.stop_repair(by="bob", now=NOW + SECOND) == first


def test_after_a_go_repairs_begin_again(store: Store) -> None:
    assert store.get_repair_stop() is None
    store.stop_repair(by="ada", now=NOW)
    store.resume_repair(by="bob", now=NOW)
    store.resume_repair(by="bob", now=NOW)
    assert store.get_repair_stop() is None
    assert walk(store, propose(store), S.APPROVED, S.RUNNING).state is S.RUNNING


def test_a_closed_breaker_is_remembered_by_fingerprint(store: Store) -> None:
    store.close_breaker("v1:a", by="ada", now=NOW)
    store.close_breaker("v1:a", by="ada", now=NOW + SECOND)
    assert (store.breaker_closed_at("v1:a"), store.breaker_closed_at("v1:b")) == (NOW + SECOND, None)


def test_the_record_of_a_means_counts_what_became_of_its_attempts(store: Store) -> None:
    for number, end in enumerate([(S.FIXED,), (S.FIXED,), (S.WORSE, S.ROLLED_BACK), (S.FIXED,)]):
        walk(store, propose(store, str(number)), S.APPROVED, S.RUNNING, S.VERIFYING, *end)
    walk(store, propose(store, "elsewhere", environment="staging"), *TO_FIXED)
    record = store.get_action_record("apply_fix/missing_index", project_id=1, environment="production")
    counts = (record.fixed_count, record.failed_count, record.rolled_back_count, record.streak_count)
    assert counts == (3, 1, 1, 1)
    assert record.demoted_at == NOW + 5 * SECOND
    assert [one.environment for one in store.list_action_records()] == ["production", "staging"]
    assert store.list_action_records()[0] == record


def test_a_means_without_an_outcome_has_no_record(store: Store) -> None:
    walk(store, propose(store), S.APPROVED, S.RUNNING, S.VERIFYING)
    assert store.get_action_record("apply_fix/missing_index", project_id=1, environment="production") is None
    assert store.list_action_records() == []


def test_a_person_can_forgive_a_means(store: Store) -> None:
    walk(store, propose(store), S.APPROVED, S.RUNNING, S.VERIFYING, S.WORSE, S.ROLLED_BACK)
    where = {"project_id": 1, "environment": "production"}
    forgiven = store.forgive_action("apply_fix/missing_index", by="ada", now=NOW, **where)
    assert (forgiven.demoted_at, forgiven.rolled_back_count) == (None, 1)
    assert store.get_action_record("apply_fix/missing_index", **where) == forgiven
    with pytest.raises(NotFoundError):
        store.forgive_action("restart", by="ada", now=NOW, **where)


def test_the_first_time_that_a_fault_came_back_is_kept(store: Store) -> None:
    attempt = walk(store, propose(store), *TO_FIXED)
    store.mark_came_back(attempt.id, seen_at=NOW + TTL, by="watch", now=NOW + TTL)
    store.mark_came_back(attempt.id, seen_at=NOW + 2 * TTL, by="watch", now=NOW + 2 * TTL)
    assert store.get_attempt(attempt.id).came_back_at == NOW + TTL
    with pytest.raises(NotFoundError):
        store.mark_came_back(99, seen_at=NOW, by="watch", now=NOW)


# ── the chain ──


def whole_chain(store: Store) -> list[str]:
    entries = store.list_audit()
    assert first_fault(entries, head=store.audit_head()) is None
    return [entry.what for entry in entries]


def test_an_empty_chain_has_an_empty_head(store: Store) -> None:
    assert store.audit_head() == AuditHead()
    assert whole_chain(store) == []


def test_every_change_has_its_entry(store: Store) -> None:
    attempt = propose(store)
    store.add_approval(approval_of(attempt))
    walk(store, attempt, *TO_FIXED)
    store.mark_came_back(attempt.id, seen_at=NOW, by="watch", now=NOW)
    store.add_approval(approval_of(propose(store), granted=False, attempt_id=2))
    store.stop_repair(by="ada", now=NOW)
    store.resume_repair(by="ada", now=NOW)
    store.close_breaker("v1:a", by="ada", now=NOW)
    store.forgive_action("apply_fix/missing_index", project_id=1, environment="production", by="ada", now=NOW)
    store.append_audit("action.begins", actor="watch", subject="attempt:1", detail={"step": "1"}, now=NOW)
    assert whole_chain(store) == [
        "attempt.proposed",
        "approval.granted",
        "lease.taken",
        *(f"attempt.{state}" for state in TO_FIXED),
        "attempt.came_back",
        "attempt.proposed",
        "approval.refused",
        "attempt.withdrawn",
        "repair.stopped",
        "repair.resumed",
        "breaker.closed",
        "action.forgiven",
        "action.begins",
    ]


def test_what_changes_nothing_has_no_entry(store: Store) -> None:
    attempt = propose(store)
    before = whole_chain(store)
    propose(store)
    store.resume_repair(by="ada", now=NOW)
    for refused in (Step(since=S.RUNNING, to=S.VERIFYING), Step(since=S.PROPOSED, to=S.RUNNING, fence=1)):
        with pytest.raises(ConflictError):
            store.step_attempt(attempt.id, refused, by="b", now=NOW)
    assert whole_chain(store) == before


def test_an_entry_says_who_did_what_to_what(store: Store) -> None:
    attempt = walk(store, propose(store), S.APPROVED, S.RUNNING)
    entry = store.audit_of(f"attempt:{attempt.id}")[-1]
    assert (entry.actor, entry.what, entry.at) == ("watch-1", "attempt.running", NOW + 2 * SECOND)
    assert entry.detail["plan"] == attempt.plan.key
    assert (entry.detail["means"], entry.detail["fence"]) == ("apply_fix/missing_index", "1")
    assert [one.what for one in store.audit_of("target:shop/production")] == ["lease.taken"]


def test_the_chain_is_read_in_parts(store: Store) -> None:
    for number in range(5):
        store.append_audit(f"test.{number}", actor="a", now=NOW)
    assert [entry.what for entry in store.list_audit(after=1, limit=2)] == ["test.1", "test.2"]
    assert store.audit_head().number == 5


def test_the_chain_stays_whole_whoever_writes_at_once(open_store: Callable[[], Store]) -> None:
    def write(store: Store, hand: int) -> None:
        for number in range(5):
            store.append_audit(f"test.{hand}", actor="a", detail={"n": str(number)}, now=NOW)

    at_once(open_store, write)
    assert Counter(whole_chain(open_store())) == {f"test.{hand}": 5 for hand in range(HANDS)}


def test_what_repairs_keep_outlives_the_reset_of_errors(store: Store) -> None:
    attempt = walk(store, propose(store), *TO_FIXED)
    store.reset_errors()
    assert store.get_attempt(attempt.id) == attempt
    assert "attempt.fixed" in whole_chain(store)


def test_a_step_is_seen_by_whoever_polls_for_changes(store: Store) -> None:
    attempt = propose(store)
    before = store.change_mark()
    walk(store, attempt, S.APPROVED)
    assert store.change_mark() != before
