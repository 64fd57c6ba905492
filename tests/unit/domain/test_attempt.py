from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from naosu.domain.attempt import NEXT, Attempt, AttemptState, ImpossibleStepError, Mode, Step
from naosu.domain.repair import Check, Plan, PlanKind, Proof, Risk, Verdict

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PLAN = Plan(kind=PlanKind.CODE, summary="s", explanation="", risk=Risk.LOW, proof=Proof(text=""), undo="")
S = AttemptState
LIFE = {
    (S.PROPOSED, S.APPROVED),
    (S.PROPOSED, S.WITHDRAWN),
    (S.APPROVED, S.RUNNING),
    (S.APPROVED, S.PROPOSED),
    (S.APPROVED, S.WITHDRAWN),
    (S.RUNNING, S.VERIFYING),
    (S.RUNNING, S.NOT_FIXED),
    (S.RUNNING, S.CANNOT_TELL),
    (S.VERIFYING, S.FIXED),
    (S.VERIFYING, S.NOT_FIXED),
    (S.VERIFYING, S.WORSE),
    (S.VERIFYING, S.CANNOT_TELL),
    (S.FIXED, S.ROLLED_BACK),
    (S.NOT_FIXED, S.ROLLED_BACK),
    (S.WORSE, S.ROLLED_BACK),
    (S.CANNOT_TELL, S.ROLLED_BACK),
}


def an_attempt(state: AttemptState = S.PROPOSED, **given) -> Attempt:
    return Attempt(
        id=1,
        plan=PLAN,
        action="apply_fix",
        target="shop",
        target_state="v1",
        fingerprint="v1:a",
        fault_seen_at=NOW,
        proposed_at=NOW,
        state=state,
        **given,
    )


@pytest.mark.parametrize(("since", "to"), [*product(S, S)], ids=str)
def test_an_attempt_takes_the_steps_of_its_life_and_no_other(since, to):
    step = Step(since=since, to=to)
    if (since, to) in LIFE:
        assert an_attempt(since).stepped(step, now=NOW).state is to
    else:
        with pytest.raises(ImpossibleStepError):
            an_attempt(since).stepped(step, now=NOW)


def test_every_state_has_a_place_in_the_life():
    assert set(NEXT) == set(S)


def test_nothing_runs_that_was_not_approved():
    assert [since for since, to in LIFE if to is S.RUNNING] == [S.APPROVED]


def test_each_step_remembers_when_it_was_taken():
    attempt = an_attempt()
    for number, to in enumerate([S.APPROVED, S.RUNNING, S.VERIFYING, S.WORSE, S.ROLLED_BACK], 1):
        attempt = attempt.stepped(Step(since=attempt.state, to=to, fence=7), now=NOW + timedelta(minutes=number))
    minutes = [(at - NOW).seconds // 60 for at in (attempt.started_at, attempt.ended_at, attempt.rolled_back_at)]
    assert minutes == [2, 4, 5]
    assert attempt.fence == 7


def test_a_rollback_keeps_the_verdict_and_all_checks():
    replay, undo = Check(name="replay", ok=False), Check(name="schema", ok=True)
    worse = an_attempt(S.VERIFYING).stepped(Step(since=S.VERIFYING, to=S.WORSE, checks=(replay,)), now=NOW)
    back = worse.stepped(Step(since=S.WORSE, to=S.ROLLED_BACK, checks=(undo,), left=("a table",)), now=NOW)
    assert (back.verdict, back.checks, back.left) == (Verdict.WORSE, (replay, undo), ("a table",))


def test_the_means_names_the_fixer_where_there_is_one():
    assert [an_attempt().means, an_attempt(fixer="jwt_secret").means] == ["apply_fix", "apply_fix/jwt_secret"]


def test_each_mode_reaches_further_than_the_one_before_it():
    assert [mode.reach for mode in (Mode.OFF, Mode.OBSERVE, Mode.APPROVE, Mode.AUTO)] == [0, 1, 2, 3]
