from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.period import InvalidPeriodError, parse_period

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("90m", 5_400), ("1h", 3_600), ("14d", 1_209_600), ("2w", 1_209_600), ("0h", 0)]
)
def test_a_period_has_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_period(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "h", "1", "1y", "-1h", "1.5h", "1 h", "٣h", "1h "])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(InvalidPeriodError):
        parse_period(text)


def test_an_enormous_period_stays_representable() -> None:
    assert NOW - parse_period("999999999w") > datetime.min.replace(tzinfo=UTC)


@given(st.text(max_size=20) | st.from_regex(r"\A\d{1,10}[smhdw]\Z"))
def test_a_period_is_understood_or_refused(text: str) -> None:
    try:
        length = parse_period(text)
    except InvalidPeriodError:
        return
    assert NOW - length <= NOW
