"""Which events go first where there are too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.storage.thinning import share, with_twins

EVENTS = st.lists(st.tuples(st.sampled_from(["", "1.0", "1.1"]), st.sampled_from(["", "prod"])), max_size=12)


@pytest.mark.parametrize(
    ("stored_count", "excess", "taken"), [(9, 5, 4), (8, 5, 4), (8, 3, 3), (2, 5, 1), (1, 5, 1), (0, 5, 1)]
)
def test_an_issue_gives_half_of_its_events_at_most_but_always_one(stored_count: int, excess: int, taken: int) -> None:
    assert share(stored_count, excess) == taken


def test_the_first_that_have_a_twin_go_first() -> None:
    events = [(7, "1.0", ""), (8, "1.1", ""), (9, "1.0", ""), (10, "1.0", "")]
    assert with_twins(events, 1) == [7]
    assert with_twins(events, 9) == [7, 9]


def test_the_only_one_of_its_environment_stays_though_its_release_has_others() -> None:
    assert with_twins([(1, "1.0", "prod"), (2, "1.0", ""), (3, "1.0", "")], 9) == [2]


@given(EVENTS, st.integers(0, 12))
def test_every_release_and_every_environment_keeps_an_event(kinds: list[tuple[str, str]], wanted: int) -> None:
    events = [(at, *kind) for at, kind in enumerate(kinds)]
    going = with_twins(events, wanted)
    kept = [event for event in events if event[0] not in going]
    assert len(going) <= wanted
    assert going == sorted(set(going))
    for part in (1, 2):
        assert {event[part] for event in kept} == {event[part] for event in events}
