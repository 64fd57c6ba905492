import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.playbook import Retry
from naosu.repair.backoff import wait_ms

RETRY = Retry(max_attempts=5, backoff_ms=100, backoff_max_ms=350)


@pytest.mark.parametrize(("failed_count", "bound_ms"), [(1, 100), (2, 200), (3, 350), (4, 350)])
def test_the_bound_doubles_up_to_the_longest_wait(failed_count: int, bound_ms: int):
    assert wait_ms(RETRY, failed_count=failed_count, random=0.5) == bound_ms / 2


@pytest.mark.parametrize("failed_count", [5, 6])
def test_after_the_last_attempt_there_is_no_other(failed_count: int):
    assert wait_ms(RETRY, failed_count=failed_count, random=0.0) is None


def test_a_step_is_tried_once_unless_it_says_otherwise():
    assert wait_ms(Retry(), failed_count=1, random=0.0) is None


@given(
    retry=st.builds(Retry, max_attempts=st.integers(1, 20), backoff_ms=st.integers(0, 600_000)),
    failed_count=st.integers(1, 10_000),
    random=st.floats(0, 1, exclude_max=True),
)
def test_no_wait_is_negative_nor_beyond_the_longest(retry: Retry, failed_count: int, random: float):
    wait = wait_ms(retry, failed_count=failed_count, random=random)
    assert wait is None or 0 <= wait <= retry.backoff_max_ms
