from hypothesis import given
from hypothesis import strategies as st

from naosu.wiring.restart import FIRST_DELAY_S, LONGEST_DELAY_S, STEADY_S, RestartPolicy


def test_each_quick_death_doubles_the_delay():
    policy = RestartPolicy()
    delays = [policy.delay_s(lived_s=0, jitter=1) for _ in range(3)]
    assert delays == [FIRST_DELAY_S * 2, FIRST_DELAY_S * 4, FIRST_DELAY_S * 8]


def test_a_steady_run_forgets_earlier_deaths():
    policy = RestartPolicy()
    policy.delay_s(lived_s=0, jitter=1)
    assert policy.delay_s(lived_s=STEADY_S, jitter=1) == FIRST_DELAY_S
    assert policy.quick_deaths == 0


def test_a_run_just_short_of_steady_is_quick():
    policy = RestartPolicy()
    policy.delay_s(lived_s=STEADY_S - 0.001, jitter=1)
    assert policy.quick_deaths == 1


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1)), max_size=50))
def test_no_delay_is_longer_than_the_longest_or_immediate(deaths):
    policy = RestartPolicy()
    for lived_s, jitter in deaths:
        assert 0 < policy.delay_s(lived_s=lived_s, jitter=jitter) <= LONGEST_DELAY_S
