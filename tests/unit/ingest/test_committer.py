"""Group commit."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from naosu.api.ingest.committer import CommitterSettings, GroupCommitter
from naosu.domain.outcome import DataCategory, Outcome
from naosu.domain.report import Report, ReportKind, SampledCount, Tally
from naosu.ports.inbox import InboxFullError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def a_report(number: int = 0, body: bytes = b"x") -> Report:
    return Report(project_id=number, key_id=1, kind=ReportKind.ENVELOPE, received_at=NOW, body=body)


class SlowWriter:
    """A writer whose disk takes its time, fails when told to, and remembers each append."""

    def __init__(self) -> None:
        self.appends: list[list[Report | Tally]] = []
        self.error: Exception | None = None
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.tick_count = 0

    def append(self, contents: Sequence[Report | Tally]) -> None:
        self.may_go_on.wait(10)
        if self.error:
            raise self.error
        self.appends.append(list(contents))

    def tick(self) -> None:
        self.tick_count += 1

    def close(self) -> None: ...


@pytest.fixture
def writer() -> SlowWriter:
    return SlowWriter()


@pytest.fixture
def committer(writer: SlowWriter) -> Iterator[GroupCommitter]:
    committer = GroupCommitter(
        writer, CommitterSettings(batch_count_max=50, batch_bytes_max=1000, pending_bytes_max=5000)
    )
    yield committer
    writer.may_go_on.set()
    committer.close()


def count(committer: GroupCommitter, quantity: int = 1) -> None:
    committer.count(
        project_id=1, at=NOW, category=DataCategory.ERROR, outcome=Outcome.LIMITED, reason="r", quantity=quantity
    )


def test_nothing_is_answered_before_the_disk_has_it(writer: SlowWriter, committer: GroupCommitter) -> None:
    async def scenario() -> None:
        writer.may_go_on.clear()
        waiting = asyncio.ensure_future(committer.commit(a_report()))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        writer.may_go_on.set()
        await waiting
        assert writer.appends == [[a_report()]]

    asyncio.run(scenario())


def test_what_comes_during_a_commit_shares_the_next_one(writer: SlowWriter, committer: GroupCommitter) -> None:
    async def scenario() -> None:
        writer.may_go_on.clear()
        first = asyncio.ensure_future(committer.commit(a_report(0)))
        await asyncio.sleep(0.05)
        others = [asyncio.ensure_future(committer.commit(a_report(number))) for number in range(1, 11)]
        await asyncio.sleep(0.05)
        writer.may_go_on.set()
        await asyncio.gather(first, *others)
        assert [len(contents) for contents in writer.appends] == [1, 10]
        assert writer.appends[1] == [a_report(number) for number in range(1, 11)]

    asyncio.run(scenario())


def test_a_batch_is_bounded_by_count_and_by_bytes(writer: SlowWriter, committer: GroupCommitter) -> None:
    async def scenario() -> None:
        writer.may_go_on.clear()
        first = asyncio.ensure_future(committer.commit(a_report(0)))
        await asyncio.sleep(0.05)
        small = [asyncio.ensure_future(committer.commit(a_report(number))) for number in range(60)]
        large = [asyncio.ensure_future(committer.commit(a_report(number, b"x" * 700))) for number in range(3)]
        await asyncio.sleep(0.05)
        writer.may_go_on.set()
        await asyncio.gather(first, *small, *large)
        assert [len(contents) for contents in writer.appends] == [1, 50, 11, 1, 1]

    asyncio.run(scenario())


def test_more_than_may_wait_is_refused_at_once(writer: SlowWriter, committer: GroupCommitter) -> None:
    async def scenario() -> None:
        writer.may_go_on.clear()
        waiting = [asyncio.ensure_future(committer.commit(a_report(0, b"x" * 5000)))]
        await asyncio.sleep(0.05)
        waiting.append(asyncio.ensure_future(committer.commit(a_report(1, b"x" * 5000))))
        await asyncio.sleep(0)
        with pytest.raises(InboxFullError):
            await committer.commit(a_report(2))
        writer.may_go_on.set()
        await asyncio.gather(*waiting)
        await committer.commit(a_report(3))

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [InboxFullError("full"), RuntimeError("a defect in the adapter")])
def test_a_failed_append_refuses_all_that_shared_it_and_the_next_one_works(
    writer: SlowWriter, committer: GroupCommitter, error: Exception
) -> None:
    async def scenario() -> None:
        writer.error = error
        results = await asyncio.gather(*(committer.commit(a_report(n)) for n in range(3)), return_exceptions=True)
        assert [type(result) for result in results] == [InboxFullError] * 3
        writer.error = None
        await committer.commit(a_report(9))
        assert writer.appends == [[a_report(9)]]

    asyncio.run(scenario())


def test_counts_travel_with_the_next_report(writer: SlowWriter, committer: GroupCommitter) -> None:
    async def scenario() -> None:
        count(committer, 2)
        count(committer, 3)
        await committer.commit(a_report())

    asyncio.run(scenario())
    report, tally = writer.appends[0]
    assert report == a_report()
    assert isinstance(tally, Tally)
    assert [entry.quantity for entry in tally.ledger] == [5]


def test_counts_that_nobody_waits_for_are_shipped_soon(writer: SlowWriter, committer: GroupCommitter) -> None:
    count(committer)
    give_up_at_s = time.monotonic() + 10
    while not writer.appends and time.monotonic() < give_up_at_s:
        time.sleep(0.01)
    assert isinstance(writer.appends[0][0], Tally)


def test_counts_can_be_waited_for(writer: SlowWriter, committer: GroupCommitter) -> None:
    committer.sample(SampledCount(project_id=1, signature="s", quantity=1, first_at=NOW, last_at=NOW))
    asyncio.run(_wait_for_counts(committer))
    (tally,) = writer.appends[0]
    assert isinstance(tally, Tally)
    assert tally.sampled[0].signature == "s"


async def _wait_for_counts(committer: GroupCommitter) -> None:
    await committer.commit_counts()


def test_counts_outlast_a_full_inbox(writer: SlowWriter, committer: GroupCommitter) -> None:
    async def scenario() -> None:
        writer.error = InboxFullError("full")
        count(committer, 4)
        with pytest.raises(InboxFullError):
            await committer.commit(a_report())
        writer.error = None
        count(committer, 1)
        await committer.commit(a_report())

    asyncio.run(scenario())
    tallies = [content for content in writer.appends[0] if isinstance(content, Tally)]
    assert [entry.quantity for tally in tallies for entry in tally.ledger] == [5]


def test_closing_commits_what_waits_and_refuses_what_comes_later(writer: SlowWriter) -> None:
    committer = GroupCommitter(writer)

    async def scenario() -> None:
        waiting = asyncio.ensure_future(committer.commit(a_report()))
        await asyncio.sleep(0)
        count(committer)
        await asyncio.to_thread(committer.close)
        await waiting
        with pytest.raises(InboxFullError):
            await committer.commit(a_report())

    asyncio.run(scenario())
    assert sum(isinstance(content, Tally) for contents in writer.appends for content in contents) == 1


def test_a_client_that_went_away_does_not_disturb_the_others(writer: SlowWriter, committer: GroupCommitter) -> None:
    async def scenario() -> None:
        writer.may_go_on.clear()
        gone = asyncio.ensure_future(committer.commit(a_report(1)))
        stays = asyncio.ensure_future(committer.commit(a_report(2)))
        await asyncio.sleep(0.05)
        gone.cancel()
        writer.may_go_on.set()
        await stays

    asyncio.run(scenario())
    assert sum(len(contents) for contents in writer.appends) == 2


def test_the_inbox_is_ticked_also_when_nothing_comes(writer: SlowWriter, committer: GroupCommitter) -> None:
    give_up_at_s = time.monotonic() + 10
    while writer.tick_count < 2 and time.monotonic() < give_up_at_s:
        time.sleep(0.01)
    assert writer.tick_count >= 2
