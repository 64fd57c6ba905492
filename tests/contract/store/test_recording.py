"""What `record` promises, on every store."""

import json
from datetime import timedelta

import msgspec
import pytest

from naosu.domain.classification import Category
from naosu.domain.event import Level, ScrubNote, User
from naosu.domain.issue import ChangeKind, IssueStatus
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.project import Project
from naosu.ports.store import Store

from .builders import DAY, HOUR, MINUTE, NOW, batch, digested, sampled
from .conftest import OpenStore

pytestmark = pytest.mark.usefixtures("shop")


def test_the_first_event_of_a_fingerprint_makes_an_issue(store: Store) -> None:
    event = digested(release="shop@1.0", user="7")
    changes = store.record(batch(event), now=NOW)
    assert [(change.kind, change.event_id, change.at) for change in changes] == [
        (ChangeKind.NEW, event.event.event_id, NOW)
    ]
    issue = store.get_issue(changes[0].issue_id)
    assert issue.short_id == "SHOP-1"
    assert (issue.title, issue.culprit) == ("ValueError: boom", "pay in shop")
    assert (issue.event_count, issue.stored_count, issue.user_count) == (1, 1, 1)
    assert (issue.first_seen_at, issue.last_seen_at) == (NOW, NOW)
    assert (issue.first_release, issue.last_release) == ("shop@1.0", "shop@1.0")
    assert issue.classification == event.classification
    assert (issue.level, issue.platform, issue.handled) == (Level.ERROR, "python", False)
    assert issue.status is IssueStatus.OPEN


def test_events_of_one_fingerprint_are_one_issue_and_only_the_first_is_news(store: Store) -> None:
    first = store.record(batch(digested(), digested(at=NOW + MINUTE)), now=NOW)
    second = store.record(batch(digested(at=NOW + 2 * MINUTE)), now=NOW)
    assert len(first) == 1
    assert second == []
    issue = store.get_issue(first[0].issue_id)
    assert issue.event_count == 3
    assert issue.last_seen_at == NOW + 2 * MINUTE


def test_issue_numbers_count_up_within_a_project(store: Store) -> None:
    other, _ = store.create_project(name="Till", slug="till", now=NOW)
    changes = store.record(
        batch(digested(), digested(fingerprint="v1:b"), digested(project_id=other.id)),
        now=NOW,
    )
    assert [store.get_issue(change.issue_id).short_id for change in changes] == ["SHOP-1", "SHOP-2", "TILL-1"]


def test_an_event_id_is_stored_once_within_a_batch_and_across_batches(store: Store) -> None:
    event = digested()
    store.record(batch(event, event), now=NOW)
    assert store.record(batch(event), now=NOW) == []
    totals = store.totals()
    assert totals.event_count == totals.stored_event_count == 1
    assert totals.accepted == {"error": 1}
    assert totals.dropped == {"duplicate": 2}


def test_another_project_may_have_the_same_event_id(store: Store) -> None:
    other, _ = store.create_project(name="Till", slug="till", now=NOW)
    event_id = "ab" * 16
    store.record(batch(digested(event_id=event_id), digested(event_id=event_id, project_id=other.id)), now=NOW)
    assert store.totals().stored_event_count == 2
    assert store.get_event(event_id, project_id=other.id).event.project_id == other.id
    assert store.get_event(event_id, project_id=1).event.project_id == 1


def test_an_unknown_fingerprint_is_looked_up_by_what_older_algorithms_made_of_it(store: Store) -> None:
    [change] = store.record(batch(digested(fingerprint="v1:old")), now=NOW)
    assert store.record(batch(digested(fingerprint="v2:new", previous=("v1:x", "v1:old"))), now=NOW) == []
    assert store.get_issue(change.issue_id).event_count == 2
    assert [one.fingerprint for one in store.list_fingerprints(change.issue_id)] == ["v1:old", "v2:new"]


def test_an_event_is_read_back_as_it_was(store: Store) -> None:
    payload = {
        "logger": "shop",
        "server_name": "web-1",
        "logentry": {"message": "no %s", "formatted": "no tea"},
        "request": {"method": "POST", "url": "https://shop/pay"},
        "user": {"id": "7", "email": "a@b"},
        "tags": {"plan": "gold"},
        "sdk": {"name": "sentry.python", "version": "2.0"},
        "contexts": {"trace": {"trace_id": "t1"}},
    }
    given = digested(
        payload=payload,
        logger="shop",
        server_name="web-1",
        message="no tea",
        message_template="no %s",
        request_method="POST",
        request_url="https://shop/pay",
        sdk="sentry.python 2.0",
        trace_id="t1",
        tags=(("plan", "gold"),),
        transaction="/pay",
        release="1.0",
        environment="prod",
        status_code=503,
        level=Level.FATAL,
        scrubbed=(ScrubNote("request.cookies", "cookie"),),
        caller="main > pay",
        occurred_at=NOW - timedelta(seconds=3),
    )
    store.record(batch(given), now=NOW)
    stored = store.get_event(given.event.event_id)
    assert json.loads(stored.event.payload) == payload
    for name in given.event.__struct_fields__:
        if name not in {"exceptions", "stack", "payload", "user"}:
            assert getattr(stored.event, name) == getattr(given.event, name), name
    assert stored.caller == "main > pay"
    assert stored.classification == given.classification
    assert stored.fingerprint == "v1:a"


def test_each_event_keeps_its_own_classification_and_scrub_notes(store: Store) -> None:
    usual = digested(scrubbed=(ScrubNote("a", "password"),))
    odd = digested(category=Category.NETWORK, scrubbed=(ScrubNote("b", "cookie"),))
    store.record(batch(usual, odd), now=NOW)
    for one in (usual, odd):
        stored = store.get_event(one.event.event_id)
        assert stored.classification == one.classification
        assert stored.event.scrubbed == one.event.scrubbed


def test_text_that_no_database_keeps_is_kept_as_near_as_possible(store: Store) -> None:
    odd = digested(
        title="nul \0 and \ud800 lone",
        tags=(("k\0", "v\ud800"),),
        transaction="t\0",
        user="\0\ud800",
        environment="e\0",
    )
    [change] = store.record(batch(odd), now=NOW)
    assert store.get_issue(change.issue_id).title.startswith("nul ")
    assert store.get_event(odd.event.event_id).issue_id == change.issue_id


def test_an_unknown_category_does_not_replace_a_known_one(store: Store) -> None:
    [change] = store.record(batch(digested(category=Category.DATABASE)), now=NOW)
    store.record(batch(digested(category=Category.UNKNOWN)), now=NOW)
    assert store.get_issue(change.issue_id).classification.category is Category.DATABASE
    store.record(batch(digested(category=Category.NETWORK)), now=NOW)
    assert store.get_issue(change.issue_id).classification.category is Category.NETWORK


def test_a_user_is_counted_once_however_often_they_come(store: Store) -> None:
    [change] = store.record(batch(digested(user="1"), digested(user="1"), digested(user="2"), digested()), now=NOW)
    store.record(batch(digested(user="2"), digested(user="3")), now=NOW)
    assert store.get_issue(change.issue_id).user_count == 3


def test_an_event_on_a_resolved_issue_is_a_regression(store: Store) -> None:
    [change] = store.record(batch(digested()), now=NOW)
    store.resolve_issue(change.issue_id, now=NOW + MINUTE)
    late = digested(at=NOW + MINUTE)
    assert store.record(batch(late), now=NOW) == []
    event = digested(at=NOW + 2 * MINUTE)
    [regression] = store.record(batch(event, digested(at=NOW + 3 * MINUTE)), now=NOW)
    assert (regression.kind, regression.event_id) == (ChangeKind.REGRESSION, event.event.event_id)
    issue = store.get_issue(change.issue_id)
    assert issue.status is IssueStatus.OPEN
    assert issue.regressed_at == NOW + 2 * MINUTE


def test_an_older_release_than_the_fix_does_not_reopen(store: Store) -> None:
    [change] = store.record(batch(digested(release="shop@1.4.1")), now=NOW)
    store.resolve_issue(change.issue_id, now=NOW, in_release="shop@1.4.2")
    assert store.record(batch(digested(at=NOW + HOUR, release="shop@1.4.1")), now=NOW) == []
    [regression] = store.record(batch(digested(at=NOW + HOUR, release="shop@1.4.10")), now=NOW)
    assert regression.kind is ChangeKind.REGRESSION


def test_resolved_in_the_next_release_holds_for_releases_heard_of_before(store: Store) -> None:
    [change] = store.record(batch(digested(release="aaaa111")), now=NOW)
    store.resolve_issue(change.issue_id, now=NOW + MINUTE, in_next=True)
    assert store.record(batch(digested(at=NOW + HOUR, release="aaaa111")), now=NOW) == []
    [regression] = store.record(batch(digested(at=NOW + HOUR, release="bbbb222")), now=NOW)
    assert regression.kind is ChangeKind.REGRESSION


def test_a_mute_ends_with_its_last_event(store: Store) -> None:
    [change] = store.record(batch(digested()), now=NOW)
    store.mute_issue(change.issue_id, until=None, more_events=3)
    assert store.record(batch(digested(), digested()), now=NOW) == []
    assert store.get_issue(change.issue_id).mute_events_left == 1
    [unmuted] = store.record(batch(digested()), now=NOW)
    assert unmuted.kind is ChangeKind.UNMUTED
    assert store.get_issue(change.issue_id).status is IssueStatus.OPEN


def test_sampled_counts_are_added_to_the_issue_of_their_signature(store: Store) -> None:
    [change] = store.record(batch(digested(signature="s1")), now=NOW)
    store.record(batch(sampled=(sampled("s1", 40, at=NOW + HOUR),)), now=NOW)
    issue = store.get_issue(change.issue_id)
    assert (issue.event_count, issue.stored_count, issue.last_seen_at) == (41, 1, NOW + HOUR)
    [earlier, later] = store.hourly_counts([issue.id], since=NOW - DAY)[issue.id]
    assert (earlier.count, later.count) == (1, 40)


def test_sampled_counts_of_an_unknown_signature_wait_for_it(store: Store) -> None:
    store.record(batch(sampled=(sampled("s1", 40), sampled("s1", 2))), now=NOW)
    [change] = store.record(batch(digested(signature="s1", at=NOW + MINUTE)), now=NOW)
    issue = store.get_issue(change.issue_id)
    assert issue.event_count == 43
    assert issue.first_seen_at == NOW
    store.record(batch(digested(signature="s1")), now=NOW)
    assert store.get_issue(change.issue_id).event_count == 44


def test_sampled_counts_in_the_batch_of_their_first_event_are_not_lost(store: Store) -> None:
    [change] = store.record(batch(digested(signature="s1"), sampled=(sampled("s1", 5),)), now=NOW)
    assert store.get_issue(change.issue_id).event_count == 6


def test_counts_that_waited_come_after_the_first_event_and_before_newer_counts(store: Store) -> None:
    waiting = (sampled("s1", 1, at=NOW + 2 * HOUR), sampled("s1", 1, at=NOW + HOUR), sampled("s1", 1, at=NOW + HOUR))
    [new] = store.record(batch(digested(), sampled=waiting), now=NOW)
    store.mute_issue(new.issue_id, until=None, more_events=3)
    newer = (sampled("s1", 9, at=NOW + DAY),)
    [unmuted] = store.record(batch(digested(signature="s1"), sampled=newer), now=NOW)
    assert (unmuted.kind, unmuted.at) == (ChangeKind.UNMUTED, NOW + HOUR)


def test_sampled_counts_use_up_a_mute(store: Store) -> None:
    [change] = store.record(batch(digested(signature="s1")), now=NOW)
    store.mute_issue(change.issue_id, until=None, more_events=10)
    [unmuted] = store.record(batch(sampled=(sampled("s1", 10),)), now=NOW)
    assert unmuted.kind is ChangeKind.UNMUTED


def test_the_ledger_of_a_batch_is_kept_by_minute(store: Store) -> None:
    entry = LedgerEntry(
        project_id=1,
        minute=NOW,
        category=DataCategory.ERROR,
        outcome=Outcome.SAMPLED,
        reason="storm",
        quantity=7,
    )
    store.record(batch(digested(at=NOW + timedelta(seconds=5)), ledger=(entry, entry)), now=NOW)
    kept = {(one.outcome, one.reason, one.minute): one.quantity for one in store.ledger(since=NOW - HOUR)}
    assert kept == {(Outcome.ACCEPTED, "", NOW): 1, (Outcome.SAMPLED, "storm", NOW): 14}
    totals = store.totals()
    assert totals.event_count == 15
    assert totals.dropped == totals.sampled == {"storm": 14}


def test_deliveries_of_a_batch_are_remembered(store: Store) -> None:
    ids = tuple(f"inbox/1/{number}" for number in (7, 8, 9, 12))
    store.record(batch(delivery_ids=(*ids, "odd")), now=NOW)
    store.record(batch(delivery_ids=("inbox/1/10",)), now=NOW)
    asked = [*ids, "odd", "inbox/1/10", "inbox/1/11", "inbox/1/6", "inbox/2/8", "inbox/1/", "inbox/1/07"]
    assert store.already_recorded(asked) == {*ids, "odd", "inbox/1/10"}


def test_a_duplicate_batch_changes_nothing_but_the_count_of_duplicates(store: Store) -> None:
    one = batch(digested(user="1", release="1.0"), digested(fingerprint="v1:b"))
    store.record(one, now=NOW)
    before = [store.get_issue(number) for number in _issue_ids(store)]
    store.record(one, now=NOW)
    assert [store.get_issue(number) for number in _issue_ids(store)] == before
    assert store.get_release(1, "1.0").event_count == 1


def _issue_ids(store: Store) -> list[int]:
    return sorted({line.issue_id for line in store.list_events().events})


def test_two_openings_see_each_others_changes(open_store: OpenStore, store: Store, shop: Project) -> None:
    other = open_store()
    [change] = store.record(batch(digested()), now=NOW)
    [second] = other.record(batch(digested(fingerprint="v1:b"), digested()), now=NOW)
    store.merge_issues(change.issue_id, [second.issue_id])
    other.record(batch(digested(fingerprint="v1:b")), now=NOW)
    assert store.get_issue(change.issue_id).event_count == 4
    assert store.totals().issue_count == 1
    other.reset_errors()
    assert [one.kind for one in store.record(batch(digested()), now=NOW)] == [ChangeKind.NEW]
    assert shop.slug == "shop"


def test_a_user_has_several_names_and_is_one(store: Store) -> None:
    given = digested()
    event = msgspec.structs.replace(given.event, user=User(id="1", email="a@b", username="ann"))
    [change] = store.record(batch(msgspec.structs.replace(given, event=event)), now=NOW)
    assert store.get_issue(change.issue_id).user_count == 1
    by_email = msgspec.structs.replace(given.event, event_id="cd" * 16, user=User(email="a@b"))
    store.record(batch(msgspec.structs.replace(given, event=by_email)), now=NOW)
    assert store.get_issue(change.issue_id).user_count == 2, "whether it is the same person cannot be told"


def test_an_issue_keeps_the_title_of_its_first_event(store: Store) -> None:
    (change,) = store.record(batch(digested(title="Error: order 1 is late")), now=NOW)
    store.record(batch(digested(title="Error: order 2 is late")), now=NOW)
    assert store.get_issue(change.issue_id).title == "Error: order 1 is late"
