import pytest

from naosu.domain.attempt import AttemptState
from naosu.repair.resume import Resume, resume

from .attempts import an_attempt

S = AttemptState


def after(state: AttemptState, is_applied: bool | None, **given) -> Resume:
    return resume(an_attempt(state=state, **given), is_applied=is_applied)


@pytest.mark.parametrize("state", [S.RUNNING, S.VERIFYING])
def test_what_is_applied_is_measured_and_not_applied_again(state):
    assert after(state, True) is Resume.VERIFY


@pytest.mark.parametrize("state", [S.RUNNING, S.VERIFYING])
@pytest.mark.parametrize("is_applied", [False, None])
def test_what_may_be_applied_in_part_is_rolled_back(state, is_applied):
    assert after(state, is_applied) is Resume.ROLL_BACK


@pytest.mark.parametrize("is_applied", [False, None])
def test_what_cannot_be_undone_is_told_to_a_person(is_applied):
    assert after(S.RUNNING, is_applied, reversible=False) is Resume.TELL_A_PERSON


@pytest.mark.parametrize("state", [S.PROPOSED, S.APPROVED])
def test_what_has_not_begun_asks_for_its_permit(state):
    assert after(state, None) is Resume.ASK_FOR_PERMIT


@pytest.mark.parametrize("state", [S.NOT_FIXED, S.WORSE, S.CANNOT_TELL])
def test_a_failed_repair_is_rolled_back_unless_that_was_done_or_given_up(state):
    assert after(state, True) is Resume.ROLL_BACK
    assert after(state, None) is Resume.ROLL_BACK
    assert after(state, False) is Resume.NOTHING
    assert after(state, True, left=("orders",)) is Resume.NOTHING


@pytest.mark.parametrize("state", [S.FIXED, S.ROLLED_BACK, S.WITHDRAWN])
def test_what_is_over_is_left_alone(state):
    assert {after(state, answer) for answer in (True, False, None)} == {Resume.NOTHING}
