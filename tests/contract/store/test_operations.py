"""Ledger, dead letters, retention, releases, accounts, telemetry: on every store."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import msgspec
import pytest
import zstandard

from naosu.domain.account import Role, Session
from naosu.domain.dead_letter import DeadLetter
from naosu.domain.errors import ConflictError, NotFoundError
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.project import ProjectSettings, RateLimit, Retention
from naosu.domain.report import Report, ReportKind
from naosu.domain.telemetry import Attachment, CheckIn, DbSpan, LogRecord, Transaction
from naosu.ports.store import Store

from .builders import DAY, HOUR, MINUTE, NOW, batch, digested
from .conftest import OpenStore

ENTRY = LedgerEntry(
    project_id=1, minute=NOW, category=DataCategory.ERROR, outcome=Outcome.LIMITED, reason="rate_limit", quantity=2
)
ALL = Retention(days=10_000, events_max=10**9)


def evict_all(store: Store, retention: Retention, **options: int) -> int:
    gone = 0
    while step := store.evict(1, retention, now=NOW, **options):
        gone += step
    return gone


@pytest.mark.usefixtures("shop")
class TestLedger:
    def test_minutes_older_than_two_days_become_hours_and_nothing_is_lost(self, store: Store) -> None:
        old = [msgspec.structs.replace(ENTRY, minute=NOW - 3 * DAY + MINUTE * at) for at in (0, 1, 20)]
        store.record(batch(ledger=(*old, ENTRY)), now=NOW)
        before = store.totals()
        store.compact(now=NOW)
        store.compact(now=NOW)
        hour = (NOW - 3 * DAY).replace(minute=0)
        assert [(one.minute, one.quantity) for one in store.ledger(since=NOW - 9 * DAY)] == [(hour, 6), (NOW, 2)]
        assert store.totals() == before
        assert store.totals().dropped == {"rate_limit": 8}

    def test_totals_tell_projects_apart(self, store: Store) -> None:
        lost = msgspec.structs.replace(ENTRY, outcome=Outcome.LOST_BY_CLIENT, reason="queue_overflow", project_id=2)
        store.record(batch(digested(), ledger=(ENTRY, lost)), now=NOW)
        assert store.totals(1).lost_by_client == {}
        assert store.totals(2).lost_by_client == {"queue_overflow": 2}
        assert (store.totals(2).event_count, store.totals(1).event_count) == (0, 1)
        assert store.totals(1).issue_count == 1

    def test_dead_letters_wait_until_removed(self, store: Store) -> None:
        report = Report(
            project_id=1, key_id=1, kind=ReportKind.ENVELOPE, received_at=NOW, body=b"\0x", query={"a": "b"}
        )
        letters = [
            DeadLetter(project_id=1, reason="broken", detail=f"d{number}", died_at=NOW, report=report)
            for number in range(3)
        ]
        store.record(batch(dead_letters=tuple(letters)), now=NOW)
        listed = store.list_dead_letters()
        assert [one.detail for one in listed] == ["d2", "d1", "d0"]
        assert listed[0].report == report
        assert store.get_dead_letter(listed[0].id) == listed[0]
        assert [one.detail for one in store.list_dead_letters(before_id=listed[1].id)] == ["d0"]
        assert store.totals().dead_count == 3
        assert store.remove_dead_letters([listed[0].id, listed[0].id, 999]) == 1
        assert store.remove_dead_letters([]) == 0
        with pytest.raises(NotFoundError):
            store.get_dead_letter(listed[0].id)


@pytest.mark.usefixtures("shop")
class TestRetention:
    def test_too_old_events_go_and_counts_stay(self, store: Store) -> None:
        limit = NOW - 7 * DAY
        old = [digested(at=limit - timedelta(microseconds=1)), digested(at=limit - DAY)]
        kept = digested(at=limit)
        [change] = store.record(batch(*old, kept), now=NOW)
        assert evict_all(store, Retention(days=7), step_events_max=1) == 2
        issue = store.get_issue(change.issue_id)
        assert (issue.event_count, issue.stored_count) == (3, 1)
        assert store.latest_event(issue.id).event.event_id == kept.event.event_id

    def test_an_issue_of_which_nothing_is_kept_is_forgotten(self, store: Store) -> None:
        [change] = store.record(batch(digested(at=NOW - 9 * DAY, signature="s")), now=NOW)
        assert evict_all(store, Retention(days=7)) == 1
        store.evict(1, Retention(days=7), now=NOW)
        with pytest.raises(NotFoundError):
            store.get_issue(change.issue_id)
        [again] = store.record(batch(digested(signature="s")), now=NOW)
        assert store.get_issue(again.issue_id).number == 2

    def test_over_the_count_the_least_informative_go(self, store: Store) -> None:
        events = [digested(release="1.0", environment="prod", at=NOW + MINUTE * number) for number in range(20)]
        only_release = digested(release="0.9", environment="prod", at=NOW)
        only_environment = digested(release="1.0", environment="dev", at=NOW)
        small = digested(fingerprint="v1:small")
        store.record(batch(*events[:10], only_release, only_environment, small, *events[10:]), now=NOW)
        assert evict_all(store, Retention(events_max=8), step_events_max=5) == 15
        left = {line.event_id for line in store.list_events().events}
        assert len(left) == 8
        for spared in (events[0], events[-1], only_release, only_environment, small):
            assert spared.event.event_id in left
        assert store.totals().stored_event_count == 8

    def test_what_is_informative_stays_even_over_the_count(self, store: Store) -> None:
        store.record(batch(*(digested(release=f"1.{number}") for number in range(6))), now=NOW)
        assert evict_all(store, Retention(events_max=1)) == 0

    def test_within_its_bounds_nothing_goes(self, store: Store) -> None:
        store.record(batch(digested(), digested()), now=NOW)
        mark = store.change_mark()
        assert store.evict(1, Retention(days=1, events_max=2), now=NOW) == 0
        assert store.change_mark() == mark

    def test_attachments_go_with_their_event_and_telemetry_with_age(self, store: Store) -> None:
        event = digested(at=NOW - 9 * DAY)
        name = event.event.event_id
        attachment = Attachment(
            project_id=1, event_id=name, filename="a.txt", content_type="text/plain", kind="event.attachment", body=b"x"
        )
        log = LogRecord(project_id=1, logged_at=NOW - 9 * DAY, level="info", body="old")
        new_log = LogRecord(project_id=1, logged_at=NOW, level="info", body="new", trace_id="t")
        store.record(batch(event, attachments=(attachment,), logs=(log, new_log)), now=NOW)
        assert store.list_attachments(1, name) == [attachment]
        assert evict_all(store, Retention(days=7)) == 2
        assert store.list_attachments(1, name) == []
        assert store.list_logs(trace_id="t") == store.list_logs() == [new_log]

    def test_telemetry_is_bounded_by_count_too_and_the_oldest_goes_first(self, store: Store) -> None:
        moments = [NOW - MINUTE * number for number in (3, 1, 0, 2, 4)]
        check_in = CheckIn(project_id=1, check_in_id="c", monitor_slug="m", status="ok", received_at=NOW)
        run = {"project_id": 1, "event_id": "e", "operation": "http", "duration_ms": 1.0, "status": "ok"}
        store.record(
            batch(
                logs=tuple(LogRecord(project_id=1, logged_at=at, level="info", body=f"{at:%M}") for at in moments),
                check_ins=tuple(msgspec.structs.replace(check_in, received_at=at) for at in moments[:3]),
                transactions=tuple(Transaction(name=f"{at:%M}", started_at=at, **run) for at in moments[:2]),
            ),
            now=NOW,
        )
        assert evict_all(store, Retention(events_max=5)) == 0
        assert evict_all(store, Retention(events_max=3), step_events_max=1) == 2
        assert {log.body for log in store.list_logs()} == {"30", "29", "28"}
        assert evict_all(store, Retention(events_max=1)) == 5
        assert [log.logged_at for log in store.list_logs()] == [NOW]
        assert [one.received_at for one in store.list_check_ins()] == [NOW]
        assert [one.name for one in store.transaction_stats(since=NOW - HOUR)] == ["29"]

    def test_the_telemetry_of_another_project_is_not_counted(self, store: Store) -> None:
        logs = [LogRecord(project_id=at % 2 + 1, logged_at=NOW, level="info", body=str(at)) for at in range(6)]
        store.record(batch(logs=tuple(logs)), now=NOW)
        assert evict_all(store, Retention(events_max=3)) == 0
        assert evict_all(store, Retention(events_max=2)) == 1
        assert len(store.list_logs(project_id=2)) == 3

    def test_receipts_are_forgotten_after_a_day(self, store: Store) -> None:
        store.record(batch(delivery_ids=("a/1",)), now=NOW - DAY - MINUTE)
        store.record(batch(delivery_ids=("a/2",)), now=NOW - HOUR)
        store.compact(now=NOW)
        assert "a/2" in store.already_recorded(["a/1", "a/2"])

    def test_a_reset_forgets_errors_and_keeps_the_rest(self, store: Store) -> None:
        other, _ = store.create_project(name="Till", slug="till", now=NOW)
        store.record(batch(digested(release="1.0", user="1"), digested(project_id=other.id), ledger=(ENTRY,)), now=NOW)
        store.reset_errors(1)
        assert (store.totals(1).event_count, store.totals(1).dropped, store.totals().issue_count) == (0, {}, 1)
        assert store.get_release(1, "1.0").event_count == 0
        store.reset_errors()
        assert store.totals().issue_count == 0
        assert len(store.list_projects()) == 2
        [change] = store.record(batch(digested(release="1.0", user="1")), now=NOW)
        assert store.get_issue(change.issue_id).user_count == 1


@pytest.mark.usefixtures("shop")
class TestReleases:
    def test_a_release_is_known_from_its_first_event(self, store: Store) -> None:
        store.record(batch(digested(release="1.0"), digested(release="1.0", at=NOW + HOUR)), now=NOW)
        release = store.get_release(1, "1.0")
        assert (release.created_at, release.first_event_at, release.last_event_at) == (NOW, NOW, NOW + HOUR)
        assert (release.event_count, release.new_issue_count) == (2, 1)
        with pytest.raises(ConflictError):
            store.delete_release(1, "1.0")

    def test_a_release_is_made_changed_and_deleted_by_hand(self, store: Store) -> None:
        made = store.upsert_release(1, "2.0", now=NOW, url="https://x")
        again = store.upsert_release(1, "2.0", now=NOW + HOUR, released_at=NOW, refs=b"[1]")
        assert (again.id, again.created_at, again.released_at, again.url, again.refs) == (
            made.id,
            NOW,
            NOW,
            "https://x",
            b"[1]",
        )
        store.upsert_release(1, "2.1", now=NOW + MINUTE)
        assert [one.version for one in store.list_releases(1)] == ["2.1", "2.0"]
        assert [one.version for one in store.list_releases(version_contains=".1", limit=1)] == ["2.1"]
        deploy = store.add_deploy(made.id, environment="prod", started_at=NOW)
        assert store.list_deploys(made.id) == [deploy]
        store.delete_release(1, "2.0")
        for name in ("2.0", "never"):
            with pytest.raises(NotFoundError):
                store.delete_release(1, name)
        with pytest.raises(NotFoundError):
            store.add_deploy(made.id, environment="prod")


class TestProjectsAndAccounts:
    def test_a_project_comes_with_a_key(self, store: Store) -> None:
        project, key = store.create_project(name="Shop", slug="shop", now=NOW)
        assert key.project_id == project.id == 1
        assert len(key.public_key) == 32
        assert store.list_keys() == store.list_keys(project.id) == [key]
        with pytest.raises(ConflictError):
            store.create_project(name="Other", slug="shop", now=NOW)
        assert store.get_project("shop") == store.get_project(project.id) == project

    def test_projects_and_keys_are_changed(self, store: Store) -> None:
        project, key = store.create_project(name="Shop", slug="shop", now=NOW)
        settings = ProjectSettings(retention=Retention(days=3))
        changed = store.update_project(project.id, name="Till", settings=settings)
        assert changed == store.get_project("shop")
        assert (changed.name, changed.settings) == ("Till", settings)
        limits = (RateLimit(quantity=5),)
        assert store.update_key(key.id, active=False, rate_limits=limits) == store.list_keys()[0]
        assert store.list_keys()[0].rate_limits == limits
        assert store.create_key(project.id, label="ci", now=NOW).label == "ci"
        for act in (
            lambda: store.get_project(9),
            lambda: store.get_project(2**70),
            lambda: store.get_project("none"),
            lambda: store.update_project(9, name="x"),
            lambda: store.update_key(9, label="x"),
            lambda: store.create_key(9, label="x", now=NOW),
        ):
            with pytest.raises(NotFoundError):
                act()

    def test_an_address_has_one_account_in_any_case(self, store: Store) -> None:
        made = store.create_account(email="Ann@x.org", password_hash="h", role=Role.ADMIN, now=NOW)
        with pytest.raises(ConflictError):
            store.create_account(email="ann@X.ORG", password_hash="h", role=Role.VIEWER, now=NOW)
        assert store.find_account("ANN@x.org") == made == store.get_account(made.id)
        changed = store.update_account(made.id, role=Role.VIEWER, disabled=True)
        assert (changed.role, changed.disabled, changed.password_hash) == (Role.VIEWER, True, "h")
        assert store.update_account(made.id, disabled=False, language="ja").disabled is False
        assert store.find_account("bob@x.org") is None
        assert len(store.list_accounts()) == 1
        for act in (lambda: store.get_account(9), lambda: store.update_account(9, language="en")):
            with pytest.raises(NotFoundError):
                act()

    def test_the_first_account_spends_its_link_and_there_is_no_second_one(self, store: Store) -> None:
        link = ("link", "secret")
        make = partial(store.create_first_account, password_hash="h", language="ja", now=NOW)
        with pytest.raises(ConflictError):
            make(email="ann@x.org", link=link)
        store.set_value(*link)
        for wrong in (("link", "other"), ("other", "secret")):
            with pytest.raises(ConflictError):
                make(email="ann@x.org", link=wrong)
        ann = make(email="ann@x.org", link=link)
        assert (ann.role, ann.language, store.get_value("link")) == (Role.ADMIN, "ja", None)
        store.set_value(*link)
        with pytest.raises(ConflictError):
            make(email="bob@x.org", link=link)
        assert (store.list_accounts(), store.get_value("link")) == ([ann], "secret")

    @pytest.mark.parametrize("round_number", range(5))
    def test_of_many_who_use_the_first_link_at_once_one_becomes_admin(
        self, open_store: OpenStore, round_number: int
    ) -> None:
        stores = [open_store() for _ in range(4)]
        stores[0].set_value("link", "secret")
        together = Barrier(4)

        def use(number: int) -> str:
            together.wait()
            try:
                link = ("link", "secret")
                made = stores[number].create_first_account(
                    email=f"{number}@x.org", password_hash="h", link=link, now=NOW
                )
            except ConflictError:
                return ""
            return made.email

        with ThreadPoolExecutor(4) as pool:
            admins = list(filter(None, pool.map(use, range(4))))
        assert [one.email for one in stores[0].list_accounts()] == admins
        assert len(admins) == 1

    def test_a_revoked_token_opens_nothing_and_frees_its_name(self, store: Store) -> None:
        token = store.create_token(name="ci", role=Role.VIEWER, token_sha256="a", now=NOW)
        with pytest.raises(ConflictError):
            store.create_token(name="ci", role=Role.VIEWER, token_sha256="b", now=NOW)
        store.touch_token(token.id, now=NOW + timedelta(seconds=30))
        assert store.find_token("a") == msgspec.structs.replace(token, last_used_at=NOW)
        store.revoke_token(token.id)
        assert store.find_token("a") is None
        assert store.create_token(name="ci", role=Role.VIEWER, token_sha256="b", now=NOW).name == "ci"
        assert [one.revoked for one in store.list_tokens()] == [True, False]
        with pytest.raises(NotFoundError):
            store.revoke_token(99)

    def test_a_session_ends_on_time_or_by_hand(self, store: Store) -> None:
        for name in ("a", "b", "c"):
            store.create_session(
                Session(session_sha256=name, account_id=1, csrf_token="t", created_at=NOW, expires_at=NOW + HOUR)
            )
        assert store.find_session("a", now=NOW) is not None
        assert store.find_session("a", now=NOW + HOUR) is None
        store.delete_session("a")
        assert store.find_session("a", now=NOW) is None
        store.delete_sessions_of(1)
        assert store.find_session("b", now=NOW) is None

    def test_values_are_set_once_or_changed_or_removed(self, store: Store) -> None:
        assert store.get_value("key") is None
        assert store.set_value_if_absent("key", "one") == "one"
        assert store.set_value_if_absent("key", "two") == "one"
        store.set_value("key", "three")
        store.set_value("new", "x")
        assert (store.get_value("key"), store.get_value("new")) == ("three", "x")
        store.set_value("key", None)
        assert store.get_value("key") is None


@pytest.mark.usefixtures("shop")
class TestTelemetryAndDictionaries:
    def test_transactions_are_added_up_by_name(self, store: Store) -> None:
        span = DbSpan(operation="db", statement="SELECT 1", duration_ms=120.0)
        rows = [
            Transaction(
                project_id=1,
                event_id="e",
                name=name,
                operation="http",
                started_at=NOW,
                duration_ms=duration,
                status=status,
                db_ms=10.0,
                db_span_count=1,
                db_spans=(span,) if name == "/slow" else (),
            )
            for name, duration, status in (
                ("/fast", 1.0, "ok"),
                ("/slow", 500.0, "internal_error"),
                ("/slow", 300.0, "ok"),
            )
        ]
        store.record(batch(transactions=tuple(rows)), now=NOW)
        slow, fast = store.transaction_stats(since=NOW)
        assert (slow.name, slow.count, slow.failed_count, slow.mean_ms, slow.p95_ms) == ("/slow", 2, 1, 400.0, 500.0)
        assert (fast.name, fast.db_mean_ms) == ("/fast", 10.0)
        assert store.slow_db_spans(since=NOW, over_ms=119) == [span, span]
        assert store.slow_db_spans(since=NOW, over_ms=120) == []
        assert store.transaction_stats(since=NOW + MINUTE) == store.transaction_stats(since=NOW, project_id=2) == []

    def test_check_ins_are_listed_newest_first(self, store: Store) -> None:
        rows = [
            CheckIn(project_id=1, check_in_id=str(n), monitor_slug="m", status="ok", received_at=NOW) for n in range(2)
        ]
        store.record(batch(check_ins=tuple(rows)), now=NOW)
        assert store.list_check_ins() == rows[::-1]
        assert store.list_check_ins(project_id=2) == []

    def test_bodies_are_read_with_the_dictionary_they_were_compressed_with(self, store: Store) -> None:
        assert store.newest_dictionary() is None
        payloads = [b'{"message":"%d","padding":"%s"}' % (number, b"abc" * number) for number in range(200)]
        trained = zstandard.train_dictionary(4_096, payloads * 5)
        kept = store.add_dictionary(trained.as_bytes(), now=NOW)
        assert store.newest_dictionary() == kept
        compressor = zstandard.ZstdCompressor(dict_data=trained, write_dict_id=False)
        event = msgspec.structs.replace(digested(), body=compressor.compress(payloads[7]), dictionary_id=kept.id)
        store.record(batch(event), now=NOW)
        assert store.get_event(event.event.event_id).event.payload == payloads[7]
        assert store.sample_payloads(5) == [payloads[7]]

    def test_samples_are_spread_over_issues(self, store: Store) -> None:
        many = [digested(payload={"n": number}) for number in range(10)]
        store.record(batch(*many, digested(fingerprint="v1:rare", payload={"n": "rare"})), now=NOW)
        assert b'{"n": "rare"}' in store.sample_payloads(2)
        assert len(store.sample_payloads(4)) == 4

    def test_a_store_that_works_says_so(self, store: Store) -> None:
        store.check()
