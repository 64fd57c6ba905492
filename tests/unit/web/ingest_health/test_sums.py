from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.project import Project
from naosu.ingest.drops import ITEM_FATES
from naosu.web.ingest_health.reasons import REASONS, UNKNOWN, reason_text
from naosu.web.ingest_health.screen import amounts_by_outcome, losses_of, minute_series, project_lines
from naosu.web.words import UNITS

NOW = datetime(2026, 11, 22, 9, 30, 30, tzinfo=UTC)
MINUTE = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def entry(
    quantity: int, *, minutes_ago: int = 0, outcome: Outcome = Outcome.LIMITED, reason: str = "rate_limit", **other
):
    values = {"project_id": 1, "category": DataCategory.ERROR, **other}
    return LedgerEntry(
        minute=MINUTE - timedelta(minutes=minutes_ago), outcome=outcome, reason=reason, quantity=quantity, **values
    )


@pytest.mark.parametrize(("minutes_ago", "counted"), [(0, True), (59, True), (60, False)])
def test_the_chart_of_an_hour_holds_its_sixty_minutes_and_no_more(minutes_ago: int, counted: bool):
    series = minute_series([entry(5, minutes_ago=minutes_ago)], [Outcome.LIMITED], now=NOW, span=timedelta(hours=1))
    assert series.total == (5 if counted else 0)
    assert len(series.counts) == 60


@given(st.lists(st.integers(1, 1000), max_size=30))
def test_every_loss_of_the_window_is_listed(quantities: list[int]):
    entries = [entry(q, reason=f"reason{q % 3}") for q in quantities]
    assert sum(loss.quantity for loss in losses_of(entries, [Outcome.LIMITED])) == sum(quantities)


def test_the_largest_loss_comes_first_and_tells_its_kinds():
    entries = [entry(1, reason="unknown_key"), entry(5), entry(2, category=DataCategory.SESSION)]
    losses = losses_of(entries, [Outcome.LIMITED])
    assert [loss.reason for loss in losses] == ["rate_limit", "unknown_key"]
    assert losses[0].by_category == (("error", 5), ("session", 2))


def test_what_belongs_to_no_project_comes_last():
    project = Project(id=3, slug="shop", name="Shop", created_at=NOW)
    lines = project_lines([entry(2, project_id=0), entry(4, project_id=3)], [project])
    assert [line.project for line in lines] == [project, None]
    assert lines[1].by_outcome["limited"] == (("error", 2),)


def test_every_reason_that_ingest_gives_for_an_item_type_is_explained():
    unexplained = [
        fate.drop_reason
        for fate in ITEM_FATES.values()
        if not fate.is_kept and reason_text(fate.drop_reason) is UNKNOWN
    ]
    assert not unexplained


def test_a_reason_that_is_not_known_says_so():
    assert reason_text("made_up_by_a_sender") is UNKNOWN
    assert all(text.meaning for text in REASONS.values())


def test_different_kinds_of_data_are_never_added_up():
    kinds = [(7, DataCategory.LOG_ITEM), (3, DataCategory.ERROR), (1, DataCategory.LOG_ITEM)]
    entries = [entry(quantity, outcome=Outcome.ACCEPTED, category=kind) for quantity, kind in kinds]
    assert amounts_by_outcome(entries)["accepted"] == (("error", 3), ("log_item", 8))


def test_every_kind_of_data_has_a_unit_in_words():
    assert {category.value for category in DataCategory} <= set(UNITS)


def test_an_event_processor_is_not_said_to_have_been_asked_for():
    text = reason_text("event_processor")
    assert "duplicates" in text.meaning
    assert "asked for" not in text.meaning + text.mend


def test_reasons_that_look_alike_are_told_apart():
    assert reason_text("session_not_kept") != reason_text("sessions_not_kept")
