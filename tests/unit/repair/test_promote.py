import pytest

from naosu.domain.action_record import ActionRecord
from naosu.domain.attempt import AttemptState, Mode
from naosu.repair.promote import mode_in_force

from .attempts import NOW

FIXED, ROLLED_BACK, NOT_FIXED = AttemptState.FIXED, AttemptState.ROLLED_BACK, AttemptState.NOT_FIXED


def after(*states: AttemptState) -> ActionRecord:
    record = ActionRecord(means="restart")
    for state in states:
        record = record.counted(state, now=NOW)
    return record


@pytest.mark.parametrize("written", [Mode.OFF, Mode.OBSERVE])
def test_no_record_makes_naosu_act_where_it_was_told_to_watch(written: Mode):
    assert mode_in_force(written, after(*[FIXED] * 50), promote_after=1) is written


def test_enough_verified_repairs_promote():
    assert mode_in_force(Mode.APPROVE, after(*[FIXED] * 4), promote_after=5) is Mode.APPROVE
    assert mode_in_force(Mode.APPROVE, after(*[FIXED] * 5), promote_after=5) is Mode.AUTO


def test_nothing_is_promoted_where_nobody_asked_for_it():
    assert mode_in_force(Mode.APPROVE, after(*[FIXED] * 500), promote_after=0) is Mode.APPROVE


def test_without_a_record_what_is_written_holds():
    assert [mode_in_force(mode, None, promote_after=1) for mode in Mode] == list(Mode)


@pytest.mark.parametrize("promote_after", [0, 3])
def test_one_rollback_demotes_at_once(promote_after: int):
    record = after(*[FIXED] * 9, ROLLED_BACK)
    assert mode_in_force(Mode.AUTO, record, promote_after=promote_after) is Mode.APPROVE
    assert mode_in_force(Mode.APPROVE, record, promote_after=promote_after) is Mode.APPROVE


def test_a_demoted_means_earns_its_way_back():
    record = after(ROLLED_BACK, FIXED, FIXED)
    assert mode_in_force(Mode.AUTO, record, promote_after=3) is Mode.APPROVE
    assert mode_in_force(Mode.AUTO, record.counted(FIXED, now=NOW), promote_after=3) is Mode.AUTO


def test_a_demoted_means_that_nothing_promotes_asks_for_ever():
    assert mode_in_force(Mode.AUTO, after(ROLLED_BACK, *[FIXED] * 99), promote_after=0) is Mode.APPROVE


def test_a_repair_that_failed_begins_the_row_anew_but_does_not_demote():
    record = after(FIXED, FIXED, NOT_FIXED)
    assert mode_in_force(Mode.APPROVE, record, promote_after=2) is Mode.APPROVE
    assert mode_in_force(Mode.AUTO, record, promote_after=2) is Mode.AUTO


def test_every_outcome_is_counted_and_nothing_else():
    record = after(*AttemptState)
    assert (record.fixed_count, record.failed_count, record.rolled_back_count) == (1, 3, 1)
