"""A wall clock that jumps: nothing is lost, doubled or refused for it."""

from datetime import UTC, datetime, timedelta

import pytest

from naosu.domain.issue_query import IssueQuery
from naosu.domain.report import Report, ReportKind
from naosu.ingest.storm import StormDecision, StormPolicy
from naosu.pipeline.digest import Digester
from naosu.pipeline.upkeep import Upkeep
from naosu.queue.memory import MemoryInbox
from naosu.storage.memory import MemoryStore
from naosu_sdk.classify import Matcher

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
JUMPS = (timedelta(0), timedelta(days=-400), timedelta(days=3), timedelta(days=-1), timedelta(hours=30))


class JumpingClock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


def an_event(number: int) -> bytes:
    return b'{"event_id": "%032x", "exception": {"values": [{"type": "KeyError", "value": "x"}]}, "release": "r%d"}' % (
        number,
        number,
    )


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


def test_events_received_across_clock_jumps_are_all_stored_on_one_issue(clock: JumpingClock):
    store, inbox = MemoryStore(), MemoryInbox()
    project, key = store.create_project(name="Shop", slug="shop", now=NOW)
    digester = Digester(inbox=inbox, store=store, clock=clock, matcher=Matcher.load(), pseudonym_key=b"k" * 32)
    upkeep = Upkeep(store, clock)
    for number, jump in enumerate(JUMPS):
        clock.time = NOW + jump
        inbox.append(
            [
                Report(
                    project_id=project.id,
                    key_id=key.id,
                    kind=ReportKind.STORE,
                    received_at=clock.now(),
                    body=an_event(number),
                )
            ]
        )
        assert digester.step() == 1
    clock.time = NOW
    upkeep.step()
    (issue,) = store.find_issues(IssueQuery(), now=NOW).issues
    assert issue.event_count == len(JUMPS)
    assert issue.first_seen_at <= issue.last_seen_at
    assert not store.list_dead_letters()


def test_settings_are_read_again_after_the_clock_went_back(clock: JumpingClock):
    store, inbox = MemoryStore(), MemoryInbox()
    project, key = store.create_project(name="Shop", slug="shop", now=NOW)
    digester = Digester(inbox=inbox, store=store, clock=clock, matcher=Matcher.load(), pseudonym_key=b"k" * 32)
    payload = b'{"message": "hello", "extra": {"favourite": "blue-green"}}'

    def send() -> None:
        inbox.append(
            [
                Report(
                    project_id=project.id,
                    key_id=key.id,
                    kind=ReportKind.STORE,
                    received_at=clock.now(),
                    body=payload,
                    content_encoding="",
                )
            ]
        )
        digester.step()

    send()
    settings = project.settings
    scrub = type(settings.scrub)(fields=("favourite",))
    store.update_project(project.id, settings=type(settings)(scrub=scrub))
    clock.time = NOW - timedelta(days=1)
    payload = b'{"message": "hello again", "extra": {"favourite": "blue-green"}}'
    send()
    newest = store.list_events(project_id=project.id).events
    bodies = [store.get_event(line.event_id).event.payload for line in newest]
    assert sum(b"blue-green" in body for body in bodies) == 1


def test_a_storm_window_neither_sticks_nor_opens_wide_when_the_clock_goes_back():
    policy = StormPolicy()
    kept = 0
    for now_s in (1_000_000.0, 999_000.0, 1_000_000.0):
        for _ in range(100):
            kept += policy.decide(1, "aa.bb", now_s=now_s).decision is StormDecision.KEEP
    assert 1 <= kept <= 3 * 5
