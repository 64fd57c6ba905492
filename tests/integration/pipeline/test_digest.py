"""The digest pipeline on real adapters: reports in, stored events out, poison set aside, redelivery recognised."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from naosu.domain.errors import StoreUnavailableError
from naosu.domain.issue import ChangeKind
from naosu.domain.issue_query import IssueQuery
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.project import Project
from naosu.domain.report import Report, ReportKind, SampledCount, Tally
from naosu.ingest.storm import signature
from naosu.pipeline.digest import Digester
from naosu.queue.memory import MemoryInbox
from naosu.storage.memory import MemoryStore
from naosu_sdk.classify import Matcher, shipped_packs

NOW = datetime(2026, 11, 22, 10, 30, 12, tzinfo=UTC)
MATCHER = Matcher.load(shipped_packs())


class FixedClock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


class Bench:
    """A store with one project, an inbox, and a digester between them."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.clock = FixedClock()
        self.store = store or MemoryStore()
        self.inbox = MemoryInbox()
        self.project: Project
        self.project, self.key = self.store.create_project(name="Shop", slug="shop", now=NOW)
        self.digester = Digester(
            inbox=self.inbox, store=self.store, clock=self.clock, matcher=MATCHER, pseudonym_key=b"k" * 32
        )

    def send(self, *items: tuple[str, object], event_id: str = "", **fields: object) -> None:
        header = {"event_id": event_id} if event_id else {}
        lines = [json.dumps(header).encode()]
        for kind, payload in items:
            body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            lines += [json.dumps({"type": kind, "length": len(body)}).encode(), body]
        self.inbox.append([self.report(gzip.compress(b"\n".join(lines)), **fields)])

    def report(self, body: bytes, **fields: object) -> Report:
        given = {"kind": ReportKind.ENVELOPE, "content_encoding": "gzip", "received_at": NOW} | fields
        return Report(project_id=self.project.id, key_id=self.key.id, body=body, **given)

    def issues(self):
        return self.store.find_issues(IssueQuery(), now=self.clock.now()).issues

    def outcomes(self) -> dict[tuple[str, str, str], int]:
        found: dict[tuple[str, str, str], int] = {}
        for entry in self.store.ledger(since=NOW - timedelta(days=1)):
            key = (entry.category.value, entry.outcome.value, entry.reason)
            found[key] = found.get(key, 0) + entry.quantity
        return found


def an_event(number: int = 1, *, function: str = "checkout", value: str = "'price'") -> dict[str, object]:
    frames = [
        {
            "module": "shop.cart",
            "function": function,
            "filename": "shop/cart.py",
            "lineno": 10 + number,
            "in_app": True,
            "context_line": "    return order['price'] * 2",
        }
    ]
    return {
        "event_id": f"{number:032x}",
        "platform": "python",
        "timestamp": NOW.timestamp(),
        "exception": {"values": [{"type": "KeyError", "value": value, "stacktrace": {"frames": frames}}]},
        "user": {"id": str(number)},
        "release": "shop@1.0",
    }


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_events_of_one_fault_become_one_issue_with_its_category(bench: Bench):
    for number in range(1, 4):
        bench.send(("event", an_event(number)))
    assert bench.digester.step() == 3
    (issue,) = bench.issues()
    assert (issue.event_count, issue.user_count, issue.short_id) == (3, 3, "SHOP-1")
    assert issue.classification.category == "CODE"
    assert bench.inbox.depth().report_count == 0


def test_changes_name_the_new_issue_once(bench: Bench):
    for number in range(1, 3):
        bench.send(("event", an_event(number)))
    deliveries = bench.inbox.take(count_max=10, body_bytes_max=10**6)
    changes = bench.digester.digest(deliveries)
    assert [change.kind for change in changes] == [ChangeKind.NEW]


def test_an_event_that_is_sent_twice_is_stored_once_and_counted_as_duplicate(bench: Bench):
    bench.send(("event", an_event(1)))
    bench.send(("event", an_event(1)))
    bench.digester.step()
    assert bench.issues()[0].event_count == 1
    assert bench.outcomes() == {("error", "accepted", ""): 1, ("error", "filtered", "duplicate"): 1}


def test_what_was_stored_before_its_acknowledgement_was_lost_is_not_digested_again(bench: Bench):
    bench.send(("log", {"items": [{"timestamp": NOW.timestamp(), "level": "info", "body": "hello", "attributes": {}}]}))
    deliveries = bench.inbox.take(count_max=10, body_bytes_max=10**6)
    bench.digester.digest(deliveries)
    bench.inbox.give_back(deliveries)
    bench.digester.step()
    assert len(bench.store.list_logs()) == 1
    assert bench.outcomes() == {("log_item", "accepted", ""): 1}


def test_poison_goes_to_the_dead_letters_with_its_reason_and_the_rest_is_stored(bench: Bench):
    bench.send(("event", an_event(1)))
    bench.send(("event", b"[1, 2]"))
    bench.inbox.append([bench.report(b"this is not gzip")])
    bench.send(("event", an_event(2)))
    bench.digester.step()
    assert bench.issues()[0].event_count == 2
    letters = bench.store.list_dead_letters()
    assert {letter.reason for letter in letters} == {"bad_encoding", "report_unreadable"}
    assert bench.store.totals().dead_count == 2


def test_a_dead_letter_keeps_the_report_so_that_it_can_be_redriven(bench: Bench):
    bench.inbox.append([bench.report(b"this is not gzip")])
    bench.digester.step()
    (letter,) = bench.store.list_dead_letters()
    assert letter.report.body == b"this is not gzip"


class UnstorableStore(MemoryStore):
    """A store that chokes on one event, as a database may on a value that it cannot hold."""

    def record(self, batch, *, now):
        if any(digested.event.event_id == f"{3:032x}" for digested in batch.events):
            raise ValueError("cannot hold this")
        return super().record(batch, now=now)


def test_an_event_that_the_store_cannot_hold_is_narrowed_down_and_only_it_dies():
    bench = Bench(UnstorableStore())
    for number in range(1, 8):
        bench.send(("event", an_event(number)))
    bench.digester.step()
    assert bench.issues()[0].event_count == 6
    assert [letter.reason for letter in bench.store.list_dead_letters()] == ["digest_valueerror"]


class ClosedStore(MemoryStore):
    is_open = False

    def record(self, batch, *, now):
        if not self.is_open:
            raise StoreUnavailableError("the disk is full")
        return super().record(batch, now=now)


def test_while_the_store_is_unavailable_everything_waits_and_nothing_dies():
    store = ClosedStore()
    bench = Bench(store)
    bench.send(("event", an_event(1)))
    with pytest.raises(StoreUnavailableError):
        bench.digester.step()
    assert bench.inbox.depth().report_count == 1
    store.is_open = True
    assert bench.digester.step() == 1
    assert bench.issues()[0].event_count == 1
    assert not store.list_dead_letters()


def test_items_of_kinds_that_are_not_kept_are_counted_with_their_reason(bench: Bench):
    bench.send(("session", {"sid": "x"}), ("replay_event", {}), ("something_new", {}))
    bench.digester.step()
    assert bench.outcomes() == {
        ("session", "filtered", "session_not_kept"): 1,
        ("replay", "filtered", "replay_event_not_kept"): 1,
        ("default", "filtered", "unknown_kind"): 1,
    }


def test_what_an_sdk_says_that_it_lost_is_counted(bench: Bench):
    report = {"discarded_events": [{"reason": "queue_overflow", "category": "error", "quantity": 7}]}
    bench.send(("client_report", report))
    bench.digester.step()
    assert bench.outcomes() == {("error", "lost_by_client", "queue_overflow"): 7}


def test_secrets_are_gone_before_anything_is_stored(bench: Bench):
    event = an_event(1) | {"extra": {"password": "hunter2-secret"}}
    bench.send(("event", event))
    bench.digester.step()
    stored = bench.store.latest_event(bench.issues()[0].id)
    assert b"hunter2-secret" not in stored.event.payload
    assert any(note.rule == "password" for note in stored.event.scrubbed)


def test_sampled_counts_find_their_issue(bench: Bench):
    payload = json.dumps(an_event(1)).encode()
    bench.send(("event", payload), signature=signature(payload))
    counted = SampledCount(
        project_id=bench.project.id, signature=signature(payload), quantity=40, first_at=NOW, last_at=NOW
    )
    bench.inbox.append([Tally(sampled=(counted,))])
    bench.digester.step()
    (issue,) = bench.issues()
    assert (issue.event_count, issue.stored_count) == (41, 1)
    assert bench.outcomes() == {("error", "accepted", ""): 1}, "the door counts what it sampled itself"


def test_counts_from_the_door_reach_the_ledger(bench: Bench):
    refused = LedgerEntry(
        project_id=bench.project.id,
        minute=NOW.replace(second=0),
        category=DataCategory.ERROR,
        outcome=Outcome.LIMITED,
        reason="rate_limit",
        quantity=3,
    )
    bench.inbox.append([Tally(ledger=(refused,)), Tally(ledger=(refused,))])
    bench.digester.step()
    assert bench.outcomes() == {("error", "limited", "rate_limit"): 6}


def test_an_attachment_without_an_event_id_is_a_dead_letter(bench: Bench):
    bench.send(("attachment", b"data"))
    bench.digester.step()
    assert [letter.reason for letter in bench.store.list_dead_letters()] == ["digest_stray_attachment"]


def test_an_event_with_its_attachment_and_transaction_is_stored_whole(bench: Bench):
    event_id = f"{9:032x}"
    transaction = {
        "type": "transaction",
        "transaction": "/checkout",
        "start_timestamp": NOW.timestamp() - 1,
        "timestamp": NOW.timestamp(),
        "contexts": {"trace": {"op": "http.server", "trace_id": "a" * 32, "status": "ok"}},
        "spans": [],
    }
    bench.send(("event", an_event(9)), ("attachment", b"some text"), ("transaction", transaction), event_id=event_id)
    bench.digester.step()
    (attachment,) = bench.store.list_attachments(bench.project.id, event_id)
    assert attachment.body == b"some text"
    (stats,) = bench.store.transaction_stats(since=NOW - timedelta(hours=1))
    assert (stats.name, round(stats.mean_ms)) == ("/checkout", 1000)


def test_a_plain_cron_call_is_a_check_in(bench: Bench):
    report = bench.report(
        b"", kind=ReportKind.CRON, content_encoding="", query={"monitor_slug": "nightly", "status": "ok"}
    )
    bench.inbox.append([report])
    bench.digester.step()
    (check_in,) = bench.store.list_check_ins()
    assert (check_in.monitor_slug, check_in.status) == ("nightly", "ok")


def test_a_csp_report_becomes_an_issue(bench: Bench):
    body = json.dumps(
        {
            "csp-report": {
                "document-uri": "https://shop.test/",
                "violated-directive": "script-src",
                "blocked-uri": "https://evil.test/x.js",
            }
        }
    ).encode()
    bench.inbox.append([bench.report(body, kind=ReportKind.SECURITY, content_encoding="")])
    bench.digester.step()
    (issue,) = bench.issues()
    assert issue.classification.category == "SECURITY"


def test_two_events_in_one_envelope_are_two_events_and_the_first_has_the_id_of_the_header(bench: Bench):
    first, second = an_event(1), an_event(2)
    bench.send(("event", first), ("event", second), event_id=f"{7:032x}")
    bench.digester.step()
    stored = {line.event_id for line in bench.store.list_events().events}
    assert stored == {f"{7:032x}", f"{2:032x}"}


def test_many_large_attachments_are_stored_in_several_steps(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("naosu.pipeline.digest.ATTACHMENT_BYTES_MAX", 1_000)
    recorded: list[int] = []
    record = bench.store.record
    monkeypatch.setattr(
        bench.store, "record", lambda batch, *, now: recorded.append(len(batch.attachments)) or record(batch, now=now)
    )
    for number in range(1, 7):
        bench.send(("attachment", bytes(600)), event_id=f"{number:032x}")
    assert bench.digester.step() == 6
    assert recorded == [2, 2, 2]


def test_secrets_in_a_plain_cron_call_are_gone_before_it_is_stored(bench: Bench):
    query = {"monitor_slug": "nightly", "status": "ok", "environment": "token=abcdef0123456789abcdef"}
    bench.inbox.append([bench.report(b"", kind=ReportKind.CRON, content_encoding="", query=query)])
    bench.digester.step()
    assert "abcdef0123456789" not in bench.store.list_check_ins()[0].environment


class SlowGuard:
    """Ends the work on three reports together, and then on the second of them, as a clock would."""

    def __init__(self) -> None:
        self.entered = 0

    def __enter__(self) -> None:
        self.entered += 1
        if self.entered in (1, 3):
            raise TimeoutError("too slow")

    def __exit__(self, *_: object) -> None: ...


def test_a_report_that_takes_too_long_dies_alone():
    bench = Bench()
    digester = Digester(
        inbox=bench.inbox,
        store=bench.store,
        clock=bench.clock,
        matcher=MATCHER,
        pseudonym_key=b"k" * 32,
        guard=SlowGuard(),
    )
    for number in range(1, 4):
        bench.send(("event", an_event(number)))
    digester.step()
    assert bench.issues()[0].event_count == 2
    assert [letter.reason for letter in bench.store.list_dead_letters()] == ["digest_timeouterror"]


def test_text_attachments_are_scrubbed_and_binary_ones_stay_as_sent(bench: Bench):
    event_id = f"{9:032x}"
    binary = bytes(range(256))
    bench.send(
        ("event", an_event(9)),
        ("attachment", b"level=info\npassword=hunter2-secret\n"),
        ("attachment", binary),
        event_id=event_id,
    )
    bench.digester.step()
    text, other = bench.store.list_attachments(bench.project.id, event_id)
    assert b"hunter2-secret" not in text.body
    assert b"level=info" in text.body
    assert other.body == binary
