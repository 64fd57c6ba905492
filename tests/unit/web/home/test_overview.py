from datetime import timedelta

import pytest
from web_world import NOW, World, event_of

from naosu.domain.classification import Category, Classification, Severity
from naosu.domain.errors import StoreUnavailableError
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.ports.store.digest import DigestBatch
from naosu.web.home.screen import depth_of, overview_of


def error(number: int, kind: str) -> dict:
    frames = {"frames": [{"function": f"f{kind}", "module": "shop", "in_app": True}]}
    return {
        "event_id": f"{number:032x}",
        "release": "1",
        "exception": {"values": [{"type": kind, "stacktrace": frames}]},
    }


def record(world: World, number: int, kind: str, severity: Severity, *, age: timedelta = timedelta(minutes=1)) -> None:
    verdict = Classification(category=Category.CODE, severity=severity)
    world.record(event_of(error(number, kind), at=NOW - age), classification=verdict)


@pytest.mark.parametrize(
    ("severity", "verdict"),
    [(Severity.CRITICAL, "CRITICAL"), (Severity.HIGH, "HIGH"), (Severity.MEDIUM, "ok"), (Severity.LOW, "ok")],
)
def test_the_most_severe_issue_of_the_last_hour_decides_whether_anything_is_broken(severity: Severity, verdict: str):
    world = World()
    record(world, 1, "A", severity)
    record(world, 2, "B", Severity.LOW)
    assert overview_of(world.context, now=NOW).verdict == verdict


@pytest.mark.parametrize(("age", "verdict"), [(timedelta(minutes=59), "CRITICAL"), (timedelta(minutes=61), "ok")])
def test_what_has_been_quiet_for_an_hour_is_not_called_broken(age: timedelta, verdict: str):
    world = World()
    record(world, 1, "A", Severity.CRITICAL, age=age)
    assert overview_of(world.context, now=NOW).verdict == verdict


def test_issues_of_the_last_hour_are_counted_by_severity():
    world = World()
    for number, severity in enumerate((Severity.CRITICAL, Severity.HIGH, Severity.HIGH, Severity.MEDIUM, Severity.LOW)):
        record(world, number + 1, f"Kind{number}", severity)
    record(world, 9, "Quiet", Severity.LOW, age=timedelta(minutes=61))
    overview = overview_of(world.context, now=NOW)
    assert (overview.critical, overview.high, overview.lower) == (1, 2, 2)


def test_only_error_events_are_counted_as_events_of_the_day():
    world = World()
    record(world, 1, "A", Severity.LOW)
    came_along = tuple(
        LedgerEntry(project_id=1, minute=NOW, category=category, outcome=Outcome.ACCEPTED, reason="", quantity=40)
        for category in (DataCategory.LOG_ITEM, DataCategory.TRANSACTION, DataCategory.ATTACHMENT)
    )
    world.store.record(DigestBatch(ledger=came_along), now=NOW)
    assert overview_of(world.context, now=NOW).events_day == 1


def test_a_resolved_issue_needs_nobody():
    world = World()
    record(world, 1, "A", Severity.CRITICAL)
    world.store.resolve_issue(world.store.find_by_short_id("SHOP-1").id, now=NOW)
    overview = overview_of(world.context, now=NOW)
    assert (overview.verdict, overview.needs, overview.open_total) == ("ok", (), 0)


def test_what_came_back_is_named_before_what_is_critical():
    world = World()
    record(world, 1, "Back", Severity.LOW, age=timedelta(hours=3))
    world.store.resolve_issue(world.store.find_by_short_id("SHOP-1").id, now=NOW - timedelta(hours=2))
    record(world, 2, "Back", Severity.LOW)
    record(world, 3, "Down", Severity.CRITICAL)
    overview = overview_of(world.context, now=NOW)
    assert [issue.title.split(":")[0] for issue in overview.needs] == ["Back", "Down"]
    assert overview.needs_total == 2


def test_an_inbox_that_cannot_be_reached_is_never_mistaken_for_health():
    world = World()

    def unreachable():
        raise StoreUnavailableError("gone")

    world.context = type(world.context)(
        **{
            **{name: getattr(world.context, name) for name in world.context.__struct_fields__},
            "inbox_depth": unreachable,
        }
    )
    assert depth_of(world.context) is None
    assert overview_of(world.context, now=NOW).verdict == "CRITICAL"
