"""Counting: sums, bounds, item fates, client reports."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.report import SampledCount, Tally
from naosu.ingest.drops import ITEM_FATES, client_report_entries, fate_of, quantity_of, to_reason
from naosu.ingest.sentry.envelope import Item, ItemHeader
from naosu.ingest.tally import TallyBuilder, minute_of

AT = datetime(2026, 11, 22, 12, 34, 56, 789, tzinfo=UTC)
MINUTE = datetime(2026, 11, 22, 12, 34, tzinfo=UTC)

SENTRY_ITEM_TYPES = [
    *("event", "transaction", "span", "attachment", "session", "sessions", "check_in", "client_report", "log"),
    *("trace_metric", "feedback", "user_report", "profile", "profile_chunk"),
    *("replay_event", "replay_recording", "replay_video", "statsd"),
]


@pytest.mark.parametrize("item_type", SENTRY_ITEM_TYPES)
def test_every_item_type_that_sdks_send_is_kept_or_dropped_with_a_reason(item_type: str) -> None:
    fate = ITEM_FATES[item_type]
    assert fate.is_kept or fate.drop_reason == f"{item_type}_not_kept"


@pytest.mark.parametrize("item_type", ["event", "attachment", "client_report", "check_in", "log", "transaction"])
def test_these_are_kept(item_type: str) -> None:
    assert fate_of(item_type).is_kept


def test_a_type_that_nobody_knows_is_dropped_with_a_reason() -> None:
    assert (fate_of("hologram").category, fate_of("hologram").drop_reason) == (DataCategory.DEFAULT, "unknown_kind")


@pytest.mark.parametrize(
    ("item_type", "item_count", "quantity"),
    [("log", 3, 3), ("log", None, 1), ("log", 0, 1), ("log", -5, 1), ("log", 10**9, 20), ("event", 7, 1)],
)
def test_containers_count_for_what_they_hold_but_never_more_than_their_bytes(
    item_type: str, item_count: int | None, quantity: int
) -> None:
    assert quantity_of(Item(ItemHeader(type=item_type, item_count=item_count), b"x" * 20)) == quantity


def test_a_client_report_becomes_ledger_entries() -> None:
    payload = b"""{"timestamp":1,"discarded_events":[{"reason":"queue_overflow","category":"error","quantity":3},
        {"reason":"Before Send!","category":"hologram","quantity":1},
        {"reason":"x","category":"log_byte","quantity":5000},{"reason":"x","category":"error","quantity":0}],
        "rate_limited_events":[{"reason":"ratelimit_backoff","category":"statsd","quantity":2}]}"""
    entries = client_report_entries(payload, project_id=7, minute=MINUTE)
    assert [(entry.category, entry.reason, entry.quantity) for entry in entries] == [
        (DataCategory.ERROR, "queue_overflow", 3),
        (DataCategory.DEFAULT, "before_send", 1),
        (DataCategory.STATSD, "ratelimit_backoff", 2),
    ]
    assert {(entry.outcome, entry.project_id, entry.minute) for entry in entries} == {
        (Outcome.LOST_BY_CLIENT, 7, MINUTE)
    }


def test_reasons_that_no_sdk_gives_become_other_and_no_quantity_is_lost() -> None:
    lost = [{"reason": f"spam {number}", "category": "error", "quantity": 2} for number in range(2000)]
    lost += [{"reason": "network_error", "category": "error", "quantity": 1}] * 3
    lost += [{"reason": "x" * 10_000, "category": f"made up {number}", "quantity": 1} for number in range(100)]
    entries = client_report_entries(json.dumps({"discarded_events": lost}).encode(), project_id=7, minute=MINUTE)
    assert [(entry.category, entry.reason, entry.quantity) for entry in entries] == [
        (DataCategory.ERROR, "other", 4000),
        (DataCategory.ERROR, "network_error", 3),
        (DataCategory.DEFAULT, "other", 100),
    ]


def test_what_is_no_client_report_is_said_to_be_none() -> None:
    with pytest.raises(msgspec.MsgspecError):
        client_report_entries(b'{"discarded_events":5}', project_id=1, minute=MINUTE)


@given(st.text())
def test_reasons_are_short_snake_case_whatever_was_sent(text: str) -> None:
    reason = to_reason(text)
    assert 0 < len(reason) <= 60
    assert reason.replace("_", "a").isalnum()
    assert reason.isascii()


def count(builder: TallyBuilder, reason: str, quantity: int = 1, at: datetime = AT) -> None:
    builder.count(
        project_id=1, at=at, category=DataCategory.ERROR, outcome=Outcome.LIMITED, reason=reason, quantity=quantity
    )


def test_equal_counts_of_a_minute_become_one_entry() -> None:
    builder = TallyBuilder()
    count(builder, "a", 2)
    count(builder, "a", 3, AT + timedelta(seconds=3))
    count(builder, "a", 4, AT + timedelta(seconds=4))
    assert builder.take().ledger == (
        LedgerEntry(
            project_id=1,
            minute=MINUTE,
            category=DataCategory.ERROR,
            outcome=Outcome.LIMITED,
            reason="a",
            quantity=5,
        ),
        LedgerEntry(
            project_id=1,
            minute=MINUTE + timedelta(minutes=1),
            category=DataCategory.ERROR,
            outcome=Outcome.LIMITED,
            reason="a",
            quantity=4,
        ),
    )


def test_what_is_taken_is_not_there_any_more() -> None:
    builder = TallyBuilder()
    assert not builder
    count(builder, "a")
    assert builder
    builder.take()
    assert not builder
    assert builder.take() == Tally()


def test_sampled_counts_are_added_up_with_first_and_last() -> None:
    builder = TallyBuilder()
    for seconds in (5, 1, 9):
        at = AT + timedelta(seconds=seconds)
        builder.sample(SampledCount(project_id=1, signature="s", quantity=2, first_at=at, last_at=at))
    assert builder.take().sampled == (
        SampledCount(
            project_id=1,
            signature="s",
            quantity=6,
            first_at=AT + timedelta(seconds=1),
            last_at=AT + timedelta(seconds=9),
        ),
    )


def test_a_tally_that_could_not_be_shipped_is_added_again() -> None:
    builder = TallyBuilder()
    count(builder, "a", 2)
    builder.sample(SampledCount(project_id=1, signature="s", quantity=1, first_at=AT, last_at=AT))
    failed = builder.take()
    count(builder, "a", 3)
    builder.add(failed)
    tally = builder.take()
    assert [entry.quantity for entry in tally.ledger] == [5]
    assert [sampled.quantity for sampled in tally.sampled] == [1]


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(1, 9), st.integers(0, 500)), max_size=100))
def test_no_number_is_lost_however_many_reasons_there_are(counts: list[tuple[str, int, int]]) -> None:
    builder = TallyBuilder(keys_max=5)
    for reason, quantity, minutes in counts:
        count(builder, reason, quantity, AT + timedelta(minutes=minutes))
        builder.sample(SampledCount(project_id=1, signature=reason, quantity=quantity, first_at=AT, last_at=AT))
    tally = builder.take()
    expected = sum(quantity for _, quantity, _ in counts)
    assert sum(entry.quantity for entry in tally.ledger) == expected
    assert sum(sampled.quantity for sampled in tally.sampled) == expected
    assert len(tally.ledger) <= 6
    assert len(tally.sampled) <= 6


def test_a_minute_begins_at_its_first_second() -> None:
    assert minute_of(AT) == MINUTE
