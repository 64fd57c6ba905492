"""Work on one report ends when it takes too long."""

import time

import pytest

from naosu.wiring import time_limit
from naosu.wiring.time_limit import ReportTooSlowError, TimeLimit


def work_for_ever() -> None:
    while True:
        sum(range(100))


def test_work_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time_limit, "LIMIT_S", 0.05)
    with pytest.raises(ReportTooSlowError), TimeLimit():
        work_for_ever()


def test_nothing_happens_after_work_that_was_in_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time_limit, "LIMIT_S", 0.05)
    with TimeLimit():
        pass
    time.sleep(0.1)
