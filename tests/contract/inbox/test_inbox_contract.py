"""What every inbox promises to the door and to the digester."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.report import Delivery, Report, ReportKind, SampledCount, Tally
from naosu.ports.inbox import InboxDepth, InboxFullError

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def a_report(number: int = 0, *, body: bytes | None = None) -> Report:
    return Report(
        project_id=7,
        key_id=3,
        kind=ReportKind.ENVELOPE,
        received_at=NOON + timedelta(seconds=number),
        content_encoding="gzip",
        content_type="application/x-sentry-envelope",
        sender_ip="2001:db8::1",
        user_agent="sentry.python/2.75",
        query={"monitor_slug": "夜間"},
        body=b"body %d" % number if body is None else body,
    )


def take(inbox: Any, count_max: int = 100, body_bytes_max: int = 10_000_000) -> list[Delivery]:
    deliveries: list[Delivery] = inbox.reader.take(count_max=count_max, body_bytes_max=body_bytes_max)
    return deliveries


def contents(deliveries: list[Delivery]) -> list[Report | Tally]:
    return [delivery.content for delivery in deliveries]


def test_an_empty_inbox_delivers_nothing(inbox: Any) -> None:
    assert take(inbox) == []


def test_reports_arrive_whole_and_in_order(inbox: Any) -> None:
    reports = [a_report(number) for number in range(100)]
    inbox.writer.append(reports[:70])
    inbox.writer.append(reports[70:])
    assert contents(take(inbox)) == reports


def test_a_tally_travels_between_reports(inbox: Any) -> None:
    tally = Tally(
        ledger=(
            LedgerEntry(
                project_id=1,
                minute=NOON.replace(second=0, microsecond=0),
                category=DataCategory.ERROR,
                outcome=Outcome.LIMITED,
                reason="rate_limit",
                quantity=5,
            ),
        ),
        sampled=(SampledCount(project_id=1, signature="a.b", quantity=4, first_at=NOON, last_at=NOON),),
    )
    inbox.writer.append([a_report(1), tally, a_report(2)])
    assert contents(take(inbox)) == [a_report(1), tally, a_report(2)]


def test_appending_nothing_leaves_nothing(inbox: Any) -> None:
    inbox.writer.append([])
    assert inbox.reader.depth() == InboxDepth(report_count=0, stored_bytes=inbox.reader.depth().stored_bytes)


def test_what_is_taken_is_not_taken_again(inbox: Any) -> None:
    inbox.writer.append([a_report(1), a_report(2)])
    assert contents(take(inbox, 1)) == [a_report(1)]
    assert contents(take(inbox, 1)) == [a_report(2)]
    assert take(inbox) == []


def test_at_most_count_max_things_are_taken(inbox: Any) -> None:
    inbox.writer.append([a_report(number) for number in range(5)])
    assert [len(take(inbox, 2)) for _ in range(4)] == [2, 2, 1, 0]
    assert take(inbox, 0) == []


def test_bodies_stay_within_the_bytes_asked_for(inbox: Any) -> None:
    inbox.writer.append([a_report(number, body=b"x" * 10_000) for number in range(4)])
    sizes = [len(take(inbox, body_bytes_max=25_000)) for _ in range(3)]
    assert sizes == [2, 2, 0]


def test_one_body_larger_than_asked_for_is_delivered_alone(inbox: Any) -> None:
    inbox.writer.append([a_report(1, body=b"x" * 50_000), a_report(2)])
    assert contents(take(inbox, body_bytes_max=1000)) == [a_report(1, body=b"x" * 50_000)]
    assert contents(take(inbox, body_bytes_max=1000)) == [a_report(2)]


def test_fresh_things_are_not_called_redelivered(inbox: Any) -> None:
    take(inbox)
    inbox.writer.append([a_report(1)])
    assert [delivery.redelivered for delivery in take(inbox)] == [False]


def test_what_is_given_back_comes_again_first_and_is_called_redelivered(inbox: Any) -> None:
    inbox.writer.append([a_report(1), a_report(2), a_report(3)])
    first = take(inbox, 2)
    inbox.reader.give_back(first)
    again = take(inbox)
    assert contents(again) == [a_report(1), a_report(2), a_report(3)]
    assert [delivery.redelivered for delivery in again[:2]] == [True, True]
    assert [delivery.delivery_id for delivery in again[:2]] == [delivery.delivery_id for delivery in first]


def test_delivery_ids_are_unique(inbox: Any) -> None:
    for _ in range(3):
        inbox.writer.append([a_report(1), a_report(1)])
        inbox.writer.tick()
    assert len({delivery.delivery_id for delivery in take(inbox)}) == 6


def test_what_is_acknowledged_never_comes_again(inbox: Any) -> None:
    inbox.writer.append([a_report(number) for number in range(4)])
    taken = take(inbox)
    inbox.reader.acknowledge([taken[0], taken[2]])
    inbox.reader.acknowledge([taken[2]])
    inbox.reader.give_back(taken)
    assert contents(take(inbox)) == [a_report(1), a_report(3)]


def test_what_is_not_acknowledged_is_delivered_after_the_reader_closed(inbox: Any) -> None:
    inbox.writer.append([a_report(number) for number in range(3)])
    taken = take(inbox)
    inbox.reader.acknowledge(taken[:1])
    inbox.reader.close()
    again = inbox.new_reader().take(count_max=10, body_bytes_max=10**6)
    assert contents(again) == [a_report(1), a_report(2)]
    assert all(delivery.redelivered for delivery in again)
    assert [delivery.delivery_id for delivery in again] == [delivery.delivery_id for delivery in taken[1:]]


def test_depth_counts_what_is_not_acknowledged(inbox: Any) -> None:
    inbox.writer.append([a_report(number) for number in range(3)])
    depth = inbox.reader.depth()
    assert (depth.report_count, depth.oldest_at) == (3, NOON)
    assert depth.stored_bytes > 0
    taken = take(inbox)
    assert inbox.reader.depth().report_count == 3
    inbox.reader.acknowledge(taken[:1])
    depth = inbox.reader.depth()
    assert (depth.report_count, depth.oldest_at) == (2, NOON + timedelta(seconds=1))
    inbox.reader.acknowledge(taken[1:])
    depth = inbox.reader.depth()
    assert (depth.report_count, depth.oldest_at) == (0, None)


def test_a_full_inbox_refuses_all_of_an_append_and_recovers_by_itself(inbox: Any) -> None:
    inbox.writer.append([a_report(1, body=b"x" * 400_000)])
    with pytest.raises(InboxFullError):
        inbox.writer.append([a_report(2), a_report(3, body=b"x" * 700_000)])
    taken = take(inbox)
    assert contents(taken) == [a_report(1, body=b"x" * 400_000)]
    inbox.reader.acknowledge(taken)
    for _ in range(2):
        inbox.writer.tick()
        assert take(inbox) == []
    inbox.writer.tick()
    inbox.writer.append([a_report(4, body=b"x" * 700_000)])
    assert contents(take(inbox)) == [a_report(4, body=b"x" * 700_000)]


def test_the_backlog_grows_with_what_is_appended(inbox: Any) -> None:
    before_bytes = inbox.writer.backlog_bytes
    inbox.writer.append([a_report(1, body=b"x" * 40_000)])
    assert inbox.writer.backlog_bytes >= before_bytes + 40_000


def test_deliveries_of_nobody_are_ignored(inbox: Any) -> None:
    inbox.writer.append([a_report(1)])
    (delivery,) = take(inbox)
    inbox.reader.acknowledge([delivery])
    inbox.writer.tick()
    take(inbox)
    inbox.reader.acknowledge([delivery])
    inbox.reader.give_back([delivery])
    assert take(inbox) == []
