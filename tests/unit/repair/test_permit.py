from typing import Any

import msgspec
import pytest

from naosu.domain.attempt import APPROVAL_HOLDS, AttemptState, Mode
from naosu.domain.lease import Lease
from naosu.domain.repair import Risk
from naosu.domain.repair_policy import RepairLimits
from naosu.domain.repair_stop import RepairStop
from naosu.repair.permit import Condition, Permit, Reason, approvals_needed, permit

from .attempts import LIMITS, NOW, a_plan, a_situation, an_attempt, approval_of, ran, seconds

DAY_S = 86_400
ATTEMPT = an_attempt(9)


def decide(limits: RepairLimits = LIMITS, *, attempt=ATTEMPT, **situation: Any) -> Permit:
    return permit(attempt, a_situation(**situation), limits)


def reason(limits: RepairLimits = LIMITS, *, attempt=ATTEMPT, **situation: Any) -> Reason:
    return decide(limits, attempt=attempt, **situation).reason


def test_an_attempt_that_nothing_speaks_against_may_run():
    assert decide().granted


# ── the order ──

LEASE = Lease(target=ATTEMPT.target, owner="another", token=4, expires_at=NOW + seconds(30))
TWIN = ran(5, ago_s=2 * DAY_S, plan=ATTEMPT.plan)
FAILED = {"state": AttemptState.NOT_FIXED, "target": "elsewhere"}
ROW_OF_TWO = (ran(6, ago_s=9_000, **FAILED), ran(7, ago_s=8_000, **FAILED))
CAUSES: dict[Reason, dict[str, Any]] = {
    Reason.STOPPED: {"stop": RepairStop(stopped_at=NOW, by="ada")},
    Reason.MODE_OFF: {"mode": Mode.OFF},
    Reason.MODE_OBSERVE: {"mode": Mode.OBSERVE},
    Reason.REJECTED: {"approvals": (approval_of(ATTEMPT, "bob", granted=False),)},
    Reason.APPROVAL_MISSING: {"mode": Mode.APPROVE, "approvals": ()},
    Reason.APPROVAL_EXPIRED: {"mode": Mode.APPROVE, "approvals": (approval_of(ATTEMPT, expires_at=NOW),)},
    Reason.APPROVAL_VOID: {"target_state": "v2"},
    Reason.SILENCED: {"silenced": True},
    Reason.MAINTENANCE: {"in_maintenance": True},
    Reason.BOOT_GRACE: {"target_started_at": NOW},
    Reason.CONDITION_FALSE: {"conditions": (Condition(text="load < 1", holds=False),)},
    Reason.CONDITION_UNKNOWN: {"conditions": (Condition(text="load < 1", holds=None),)},
    Reason.COOLDOWN: {"history": (ran(1, ago_s=60, fingerprint="v1:b"),)},
    Reason.BUDGET_SPENT: {"history": tuple(ran(n, ago_s=n * 7_200, fingerprint="v1:b") for n in (1, 2, 3))},
    Reason.BLAST_RADIUS: {"busy_count": 1},
    Reason.STORM: {"unhealthy_share": 0.31},
    Reason.LEASE_HELD: {"lease": LEASE},
    Reason.UNFINISHED: {"history": (ran(3, ago_s=700, state=AttemptState.RUNNING),)},
    Reason.ALREADY_APPLIED: {"history": (TWIN,)},
    Reason.GIVEN_UP: {"history": (ran(4, ago_s=9_900, **FAILED), *ROW_OF_TWO)},
    Reason.INEFFECTIVE: {"history": ROW_OF_TWO},
}
JOINED = {"history", "conditions"}


def all_of(causes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a situation in which all causes hold at once, as far as two can hold at once."""
    merged: dict[str, Any] = {}
    for cause in reversed(causes):
        for name, value in cause.items():
            merged[name] = value + merged.get(name, ()) if name in JOINED else value
    return merged


@pytest.mark.parametrize("wanted", CAUSES)
def test_each_reason_has_a_name_of_its_own(wanted: Reason):
    assert reason(**CAUSES[wanted]) is wanted


def test_every_reason_is_tested():
    assert [*CAUSES, Reason.GRANTED] == list(Reason)


@pytest.mark.parametrize("first", range(len(CAUSES)))
def test_of_all_reasons_that_hold_the_first_in_the_promised_order_is_given(first: int):
    causes = [*CAUSES.values()][first:]
    assert reason(**all_of(causes)) is [*CAUSES][first]


# ── mode and approval ──


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_no_approval_lets_anything_run_in_a_mode_that_does_not_act(mode: Mode):
    assert not decide(mode=mode, approvals=(approval_of(ATTEMPT),)).granted


def test_an_approval_lets_a_plan_run_in_mode_approve():
    assert decide(mode=Mode.APPROVE, approvals=(approval_of(ATTEMPT),)).granted


def test_an_approval_holds_for_a_quarter_of_an_hour_and_not_an_instant_longer():
    approvals = (approval_of(ATTEMPT),)
    just_before = NOW + APPROVAL_HOLDS - seconds(0.000_001)
    assert reason(mode=Mode.APPROVE, approvals=approvals, now=just_before) is Reason.GRANTED
    assert reason(mode=Mode.APPROVE, approvals=approvals, now=NOW + APPROVAL_HOLDS) is Reason.APPROVAL_EXPIRED
    assert APPROVAL_HOLDS.total_seconds() == 15 * 60


@pytest.mark.parametrize("other", [{"plan_key": a_plan("another").key}, {"attempt_id": 77}])
def test_an_approval_of_something_else_is_none(other: dict):
    assert reason(mode=Mode.APPROVE, approvals=(approval_of(ATTEMPT, **other),)) is Reason.APPROVAL_MISSING


def test_an_approval_is_void_when_the_target_changed_after_it_was_given():
    assert reason(mode=Mode.APPROVE, approvals=(approval_of(ATTEMPT),), target_state="v2") is Reason.APPROVAL_VOID


def test_an_approval_of_another_state_of_the_target_is_void():
    stale = approval_of(ATTEMPT, target_state="v0")
    assert reason(mode=Mode.APPROVE, approvals=(stale,)) is Reason.APPROVAL_VOID


def test_the_last_word_of_a_person_counts():
    yes, no = approval_of(ATTEMPT), approval_of(ATTEMPT, granted=False, given_at=NOW - seconds(1))
    assert reason(mode=Mode.APPROVE, approvals=(yes, no)) is Reason.GRANTED
    later_no = msgspec.structs.replace(no, given_at=NOW + seconds(1))
    assert reason(mode=Mode.APPROVE, approvals=(yes, later_no)) is Reason.REJECTED


def test_one_no_outweighs_the_yes_of_others():
    assert reason(approvals=(approval_of(ATTEMPT), approval_of(ATTEMPT, "bob", granted=False))) is Reason.REJECTED


GRAVE = an_attempt(9, plan=a_plan(risk=Risk.HIGH), reversible=False)


@pytest.mark.parametrize(
    ("people", "wanted"),
    [
        ((), Reason.APPROVAL_MISSING),
        (("ada",), Reason.APPROVAL_MISSING),
        (("ada", "ada"), Reason.APPROVAL_MISSING),
        (("ada", "bob"), Reason.GRANTED),
    ],
)
@pytest.mark.parametrize("mode", [Mode.APPROVE, Mode.AUTO])
def test_what_puts_much_at_stake_and_cannot_be_undone_takes_two_people(people, wanted, mode):
    approvals = tuple(approval_of(GRAVE, by) for by in people)
    assert reason(attempt=GRAVE, mode=mode, approvals=approvals) is wanted


@pytest.mark.parametrize(("risk", "reversible"), [(Risk.HIGH, True), (Risk.MEDIUM, False), (Risk.LOW, True)])
def test_all_else_takes_one_person_or_none_in_mode_auto(risk: Risk, reversible: bool):
    needed = [approvals_needed(mode, risk, reversible=reversible) for mode in (Mode.APPROVE, Mode.AUTO)]
    assert needed == [1, 0]


# ── time ──


@pytest.mark.parametrize("started", ["naosu_started_at", "target_started_at"])
def test_the_boot_grace_ends_exactly_on_time(started: str):
    assert decide(**{started: NOW - seconds(59.9)}).again_at == NOW + seconds(0.1)
    assert decide(**{started: NOW - seconds(60)}).granted


def test_the_cooldown_ends_exactly_on_time():
    history = (ran(1, ago_s=601, fingerprint="v1:b"),)
    assert reason(history=history, now=NOW - seconds(0.001)) is Reason.COOLDOWN
    assert reason(history=history, now=NOW) is Reason.GRANTED


def test_the_cooldown_says_when_it_ends():
    assert decide(history=(ran(1, ago_s=101, fingerprint="v1:b"),)).again_at == NOW + seconds(500)


def test_the_cooldown_begins_with_the_end_of_a_rollback():
    last = ran(1, ago_s=700, state=AttemptState.ROLLED_BACK, rolled_back_at=NOW - seconds(10), fingerprint="v1:b")
    assert decide(history=(last,)).again_at == NOW + seconds(590)


@pytest.mark.parametrize(("failures", "waits_s"), [(1, 600), (2, 1_200), (3, 2_400)])
def test_the_cooldown_doubles_with_each_attempt_in_a_row_that_did_not_mend(failures: int, waits_s: int):
    failed = [ran(n, ago_s=2 + n, state=AttemptState.NOT_FIXED, fingerprint="v1:b") for n in range(failures)]
    mended = ran(90, ago_s=500)
    assert decide(history=(*failed, mended)).again_at == failed[0].ended_at + seconds(waits_s)


def test_another_target_has_a_cooldown_of_its_own():
    assert decide(history=(ran(1, ago_s=5, target="shop/staging", fingerprint="v1:b"),)).granted


def test_an_attempt_that_never_ran_cools_nothing_down():
    withdrawn = an_attempt(1, state=AttemptState.WITHDRAWN, ended_at=NOW)
    assert decide(history=(withdrawn,)).granted


# ── the budget ──


def spent(*agos_s: float) -> tuple:
    return tuple(ran(number, ago_s=ago_s, fingerprint=f"v1:{number}") for number, ago_s in enumerate(agos_s, 1))


def test_the_budget_of_a_day_is_spent_with_the_last_attempt_in_it():
    assert reason(history=spent(7_200, 14_400)) is Reason.GRANTED
    assert reason(history=spent(7_200, 14_400, 21_600)) is Reason.BUDGET_SPENT


def test_an_attempt_leaves_the_budget_after_exactly_24_hours():
    assert decide(history=spent(7_200, 14_400, DAY_S - 1)).again_at == NOW + seconds(1)
    assert decide(history=spent(7_200, 14_400, DAY_S)).granted


def test_with_more_spent_than_there_is_the_budget_waits_for_as_many_to_leave_it():
    decision = decide(history=spent(7_200, 14_400, 21_600, 28_800))
    assert decision.again_at == NOW - seconds(21_600) + seconds(DAY_S)
    assert decision.calls_person


def test_a_budget_of_none_lets_nothing_run_ever():
    decision = decide(RepairLimits(attempts_per_day_max=0))
    assert (decision.reason, decision.again_at) == (Reason.BUDGET_SPENT, None)


# ── how wide ──


@pytest.mark.parametrize(
    ("instances", "busy", "may"), [(1, 0, True), (1, 1, False), (9, 1, False), (10, 1, True), (10, 2, False)]
)
def test_a_fifth_of_the_instances_is_worked_on_at_once_but_always_one(instances: int, busy: int, may: bool):
    assert decide(instance_count=instances, busy_count=busy).granted is may


def test_a_storm_is_more_than_its_share_and_not_the_share_itself():
    assert decide(unhealthy_share=0.3).granted
    assert decide(unhealthy_share=0.300_1).calls_person


def test_many_incidents_at_once_are_a_storm():
    assert decide(incidents_per_minute=20).granted
    assert reason(incidents_per_minute=20.1) is Reason.STORM


# ── twice ──


def test_an_own_lease_keeps_nobody_but_others_away():
    assert decide(lease=msgspec.structs.replace(LEASE, owner="me")).granted


def test_a_lease_ends_exactly_on_time():
    assert decide(lease=LEASE).again_at == LEASE.expires_at
    assert decide(lease=LEASE, now=LEASE.expires_at).granted


@pytest.mark.parametrize("state", [AttemptState.RUNNING, AttemptState.VERIFYING])
def test_what_a_dead_process_left_is_finished_before_anything_else_begins(state: AttemptState):
    assert reason(history=(ran(1, ago_s=90_000, state=state),)) is Reason.UNFINISHED


def test_what_the_target_says_is_there_is_not_done_again():
    assert reason(is_applied=True) is Reason.ALREADY_APPLIED
    assert reason(is_applied=False) is Reason.GRANTED


@pytest.mark.parametrize(
    "change",
    [{"target_state": "v0"}, {"fingerprint": "v1:z"}, {"action": "scale"}, {"plan": a_plan("other")}],
    ids=lambda change: next(iter(change)),
)
def test_the_same_is_only_what_is_the_same_in_everything(change: dict):
    assert reason(history=(TWIN,)) is Reason.ALREADY_APPLIED
    assert reason(history=(msgspec.structs.replace(TWIN, **change),)) is Reason.GRANTED


def test_what_was_rolled_back_may_be_tried_again():
    assert decide(history=(msgspec.structs.replace(TWIN, state=AttemptState.ROLLED_BACK),)).granted


# ── repairs that do not help ──


def failures(*means: str, state: AttemptState = AttemptState.NOT_FIXED) -> tuple:
    """Repairs that did not help, the newest first, a day and more ago."""
    return tuple(
        ran(20 - number, ago_s=DAY_S * (2 + number), state=state, action=action) for number, action in enumerate(means)
    )


def test_two_in_a_row_by_one_means_make_way_for_another():
    decision = decide(history=failures("restart", "restart"))
    assert (decision.reason, decision.escalates) == (Reason.INEFFECTIVE, True)
    assert decide(attempt=an_attempt(9, action="scale"), history=failures("restart", "restart")).granted


def test_one_does_not():
    assert decide(history=failures("restart")).granted
    assert decide(history=failures("restart", "scale")).granted


def test_three_in_a_row_by_any_means_are_given_up_and_a_person_is_called():
    decision = decide(attempt=an_attempt(9, action="scale"), history=failures("restart", "restart", "reload_config"))
    assert (decision.reason, decision.calls_person) == (Reason.GIVEN_UP, True)


def test_another_fault_has_a_row_of_its_own():
    assert decide(attempt=an_attempt(9, fingerprint="v1:b"), history=failures("restart", "restart", "restart")).granted


def test_a_person_who_had_a_look_closes_the_breaker():
    history = failures("restart", "restart", "restart")
    assert reason(history=history, breaker_closed_at=history[1].ended_at) is Reason.GRANTED
    assert reason(history=history, breaker_closed_at=history[2].ended_at) is Reason.INEFFECTIVE


@pytest.mark.parametrize(
    ("limits", "count", "wanted"),
    [
        (RepairLimits(escalate_after=1), 1, Reason.INEFFECTIVE),
        (RepairLimits(stop_after=5, escalate_after=4), 3, Reason.GRANTED),
        (RepairLimits(stop_after=5, escalate_after=4), 4, Reason.INEFFECTIVE),
        (RepairLimits(stop_after=5, escalate_after=4), 5, Reason.GIVEN_UP),
    ],
)
def test_how_many_are_too_many_can_be_set(limits: RepairLimits, count: int, wanted: Reason):
    assert reason(limits, history=failures(*["restart"] * count)) is wanted


def test_the_answer_never_depends_on_the_order_of_the_history():
    history = failures("restart", "restart", "scale") + spent(7_200, 14_400)
    decisions = {decide(history=order).reason for order in (history, history[::-1], sorted(history, key=id))}
    assert len(decisions) == 1
