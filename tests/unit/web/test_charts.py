import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from naosu.ports.store.issues import HourCount
from naosu.web.charts import HOUR, Series, bar_chart, coarser, hourly_series, share_bar, sparkline

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def series(*counts: int) -> Series:
    return Series(start=NOW, step=HOUR, counts=counts)


def test_hours_without_events_count_nothing_and_the_present_hour_is_the_last():
    counts = [HourCount(datetime(2026, 11, 22, 9, tzinfo=UTC), 4), HourCount(datetime(2026, 11, 22, 7, tzinfo=UTC), 2)]
    assert hourly_series(counts, now=NOW, hours=4).counts == (0, 2, 0, 4)


def test_hours_before_the_window_are_left_out():
    counts = [HourCount(datetime(2026, 11, 22, 5, tzinfo=UTC), 9), HourCount(datetime(2026, 11, 22, 6, tzinfo=UTC), 1)]
    assert hourly_series(counts, now=NOW, hours=4).counts == (1, 0, 0, 0)


def test_joining_steps_keeps_the_newest_step_whole():
    joined = coarser(series(1, 2, 3, 4, 5), factor=2)
    assert joined.counts == (5, 9)
    assert joined.start == NOW + HOUR
    assert joined.step == timedelta(hours=2)


@given(st.lists(st.integers(0, 10**12), max_size=400))
def test_no_bar_leaves_its_chart(counts: list[int]):
    drawn = sparkline(series(*counts), label="x")
    for height in re.findall(r"v-([\d.]+)", drawn):
        assert 0 < float(height) <= 27
    for x in re.findall(r"M([\d.]+) 27v", drawn):
        assert 0 <= float(x) <= 120


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=100))
def test_there_is_one_bar_for_each_step_with_events(counts: list[int]):
    assert bar_chart(series(*counts), label="x").count("v-") == sum(count > 0 for count in counts)


def test_a_chart_has_a_text_and_it_is_escaped():
    drawn = sparkline(series(1), label='"><script>')
    assert 'role="img"' in drawn
    assert "<script>" not in drawn


@given(st.integers(-5, 10**9), st.integers(-5, 10**9))
def test_a_share_is_never_wider_than_its_bar(part: int, whole: int):
    width = float(re.findall(r'class="part" width="([\d.]+)"', share_bar(part, whole))[0])
    assert 0 <= width <= 100
