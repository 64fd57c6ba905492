"""Counts: what is sent is digested, pending, dropped or dead, and never two of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.api.v1.report_files import mean_ms
from naosu.api.v1.stats import stats_of
from naosu.ports.store.operations import Totals
from naosu.ports.store.telemetry import TransactionStats

counts = st.integers(0, 1_000_000)
reasons = st.sampled_from(["storm", "rate_limit", "duplicate", "unsupported"])


def totals(**given_fields: object) -> Totals:
    fields = {
        "event_count": 0,
        "accepted": {},
        "dropped": {},
        "lost_by_client": {},
        "dead_count": 0,
        "issue_count": 0,
        "stored_event_count": 0,
    }
    return Totals(**fields | given_fields)


def test_what_was_sampled_is_not_dropped_as_well():
    stats = stats_of(
        totals(event_count=10, dropped={"storm": 4, "duplicate": 1}, sampled={"storm": 4}, dead_count=2), pending=3
    )
    assert stats.dropped == {"duplicate": 1}
    assert (stats.accepted, stats.digested, stats.sampled, stats.dead, stats.pending) == (15, 10, 4, 2, 3)


def test_a_reason_that_samples_and_drops_keeps_what_it_dropped():
    assert stats_of(totals(dropped={"storm": 4}, sampled={"storm": 3}), pending=0).dropped == {"storm": 1}


@given(
    event_count=counts,
    dead_count=counts,
    pending=counts,
    dropped=st.dictionaries(reasons, counts),
    sampled=st.dictionaries(reasons, counts),
)
def test_accepted_is_always_the_sum_and_nothing_is_negative(event_count, dead_count, pending, dropped, sampled):
    stats = stats_of(
        totals(event_count=event_count, dead_count=dead_count, dropped=dropped, sampled=sampled), pending=pending
    )
    assert stats.accepted == stats.digested + stats.pending + stats.dead
    assert all(quantity > 0 for quantity in stats.dropped.values())


def test_a_mean_is_weighted_by_count():
    one = TransactionStats(name="a", count=1, failed_count=0, mean_ms=10, p95_ms=10, db_mean_ms=1)
    three = TransactionStats(name="b", count=3, failed_count=0, mean_ms=50, p95_ms=50, db_mean_ms=5)
    assert mean_ms([one, three], "mean_ms") == pytest.approx(40)
    assert mean_ms([], "mean_ms") is None
