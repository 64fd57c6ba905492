import pytest

from naosu.domain.attempt import AttemptState
from naosu.repair.effect import ineffective_row

from .attempts import NOW, an_attempt, ran, seconds

WATCH_S = 300.0


def row(*history, seen_at=NOW, since=None) -> list[int]:
    current = an_attempt(99, fault_seen_at=seen_at)
    return [one.id for one in ineffective_row(current, history, watch_s=WATCH_S, since=since)]


@pytest.mark.parametrize(
    "state", [AttemptState.NOT_FIXED, AttemptState.WORSE, AttemptState.CANNOT_TELL, AttemptState.ROLLED_BACK]
)
def test_any_other_end_than_fixed_did_not_help(state: AttemptState):
    assert row(ran(1, ago_s=90_000, state=state)) == [1]


def test_a_fault_that_is_back_within_the_watch_window_speaks_against_what_was_verified():
    fixed = ran(1, ago_s=1_000)
    assert row(fixed, seen_at=fixed.ended_at + seconds(WATCH_S)) == [1]
    assert row(fixed, seen_at=fixed.ended_at + seconds(WATCH_S + 0.001)) == []


def test_a_fault_that_was_seen_before_the_repair_was_over_does_not():
    fixed = ran(1, ago_s=1_000)
    assert row(fixed, seen_at=fixed.ended_at) == []


def test_the_watch_itself_can_have_seen_it_come_back():
    fixed = ran(1, ago_s=9_000)
    assert row(ran(1, ago_s=9_000, came_back_at=fixed.ended_at + seconds(5))) == [1]
    assert row(ran(1, ago_s=9_000, came_back_at=fixed.ended_at + seconds(WATCH_S + 5))) == []


def test_each_repair_that_was_needed_again_speaks_against_the_one_before_it():
    assert row(ran(1, ago_s=300), ran(2, ago_s=200), ran(3, ago_s=100)) == [3, 2, 1]


def test_one_that_lasted_ends_the_row():
    assert row(ran(1, ago_s=9_000, state=AttemptState.WORSE), ran(2, ago_s=5_000), ran(3, ago_s=100)) == [3]


def test_what_never_ran_and_what_still_runs_is_in_no_row():
    assert row(an_attempt(1, state=AttemptState.WITHDRAWN), ran(2, ago_s=9, state=AttemptState.RUNNING)) == []


def test_other_faults_and_the_attempt_itself_are_in_no_row():
    failed = AttemptState.NOT_FIXED
    assert row(ran(1, ago_s=9, state=failed, fingerprint="v1:b"), ran(99, ago_s=9, state=failed)) == []


def test_what_was_before_a_person_had_a_look_does_not_count():
    failed = ran(1, ago_s=1_000, state=AttemptState.NOT_FIXED)
    assert row(failed, since=failed.ended_at) == []
    assert row(failed, since=failed.ended_at - seconds(0.001)) == [1]
