"""Sentry's shapes, made of ours."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from naosu.api.moments import as_utc
from naosu.api.sentry.event_shapes import entries_of, show_frame
from naosu.api.sentry.issue_shapes import buckets, metadata_of, stats_since, status_details, substatus
from naosu.api.sentry.organizations import scopes_of
from naosu.api.sentry.paging import offset_of, page_of, store_cursor
from naosu.api.sentry.payloads import as_pairs, as_text, as_time, decode_payload
from naosu.api.sentry.release_shapes import SentCommit, SentRef, kept_commits, short_version
from naosu.domain.account import Role
from naosu.domain.classification import Classification
from naosu.domain.errors import InvalidInputError
from naosu.domain.event import Level
from naosu.domain.issue import Issue, IssueStatus
from naosu.ports.store.issues import HourCount

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def an_issue(**fields: object) -> Issue:
    given = {
        "id": 1,
        "project_id": 1,
        "project_slug": "shop",
        "number": 1,
        "title": "KeyError: 'a'",
        "culprit": "",
        "level": Level.ERROR,
        "platform": "python",
        "classification": Classification(),
        "first_seen_at": NOW - timedelta(days=30),
        "last_seen_at": NOW,
    }
    return Issue(**given | fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "ongoing"),
        ({"first_seen_at": NOW - timedelta(days=7)}, "ongoing"),
        ({"first_seen_at": NOW - timedelta(days=7) + timedelta(seconds=1)}, "new"),
        ({"regressed_at": NOW}, "regressed"),
        ({"status": IssueStatus.RESOLVED}, None),
        ({"status": IssueStatus.MUTED}, "archived_forever"),
        ({"status": IssueStatus.MUTED, "mute_events_left": 3}, "archived_until_condition_met"),
    ],
)
def test_the_finer_status(fields, expected):
    assert substatus(an_issue(**fields), now=NOW) == expected


@pytest.mark.parametrize(
    ("fields", "details"),
    [
        ({}, {}),
        ({"status": IssueStatus.RESOLVED}, {}),
        ({"status": IssueStatus.RESOLVED, "resolved_in_release": "2"}, {"inRelease": "2"}),
        ({"status": IssueStatus.RESOLVED, "resolved_in_next": True}, {"inNextRelease": True}),
        (
            {"status": IssueStatus.MUTED, "muted_until": NOW, "mute_events_left": 1},
            {"ignoreUntil": NOW, "ignoreCount": 1},
        ),
    ],
)
def test_how_an_issue_is_resolved_or_ignored(fields, details):
    assert status_details(an_issue(**fields)) == details


@pytest.mark.parametrize(
    ("title", "metadata"),
    [
        ("KeyError: 'a'", {"title": "KeyError: 'a'", "type": "KeyError", "value": "'a'"}),
        ("could not connect: refused", {"title": "could not connect: refused"}),
        ("plain", {"title": "plain"}),
    ],
)
def test_a_title_is_taken_apart_only_when_it_names_a_type(title, metadata):
    assert metadata_of(title) == metadata


@pytest.mark.parametrize(
    ("period", "count", "bucket_s"),
    [
        ("1h", 1, 3_600),
        ("5m", 1, 3_600),
        ("24h", 24, 3_600),
        ("72h", 72, 3_600),
        ("73h", 3, 86_400),
        ("14d", 14, 86_400),
    ],
)
def test_a_short_period_has_hours_and_a_long_one_days(period, count, bucket_s):
    since, length_s = stats_since(period, now=NOW)
    assert length_s == bucket_s
    assert len(buckets([], since=since, bucket_s=length_s, now=NOW)) == count


def test_events_fall_into_their_buckets_and_others_into_none():
    since, bucket_s = stats_since("24h", now=NOW)
    counts = [HourCount(NOW.replace(minute=0), 3), HourCount(since, 1), HourCount(since - timedelta(hours=1), 9)]
    filled = buckets(counts, since=since, bucket_s=bucket_s, now=NOW)
    assert (filled[0][1], filled[-1][1], sum(count for _, count in filled)) == (1, 3, 4)


def test_each_role_has_the_scopes_of_those_below_it():
    assert set(scopes_of(Role.VIEWER)) < set(scopes_of(Role.OPERATOR)) < set(scopes_of(Role.ADMIN))
    assert "project:releases" not in scopes_of(Role.VIEWER)


def test_pages_of_a_short_list_end_where_it_ends():
    assert page_of([1, 2, 3], cursor=None, limit=2) == ([1, 2], "0:2:0")
    assert page_of([1, 2, 3], cursor="0:2:0", limit=2) == ([3], None)
    assert page_of([1, 2], cursor=None, limit=2) == ([1, 2], None)
    assert page_of([1, 2], cursor="0:9:0", limit=2) == ([], None)


@pytest.mark.parametrize("cursor", ["x", "1:2", "0:-1:0", "a:b:c", "0:1:0:0"])
def test_an_offset_that_is_none_is_refused(cursor):
    with pytest.raises(InvalidInputError):
        offset_of(cursor)


@pytest.mark.parametrize(("cursor", "expected"), [(None, None), ("", None), ("0:0:0", None), ("abc", "abc")])
def test_sentrys_first_page_is_no_cursor_of_the_stores(cursor, expected):
    assert store_cursor(cursor) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [("shop@1.0", "1.0"), ("1.0", "1.0"), ("shop@" + "a" * 40, "a" * 12), ("z" * 40, "z" * 40), ("shop@", "shop@")],
)
def test_a_version_as_people_say_it(version, expected):
    assert short_version(version) == expected


def test_commits_say_more_than_refs_and_absence_changes_nothing():
    commit, ref = SentCommit(id="a"), SentRef(repository="r", commit="b")
    assert kept_commits(None, None) is None
    assert kept_commits((), ()) is None
    assert msgspec.json.decode(kept_commits((commit,), (ref,)) or b"")[0]["id"] == "a"
    assert msgspec.json.decode(kept_commits(None, (ref,)) or b"")[0]["repository"] == "r"


def test_a_time_without_a_zone_is_taken_for_utc():
    assert as_utc(datetime(2026, 1, 1)) == datetime(2026, 1, 1, tzinfo=UTC)  # noqa: DTZ001
    assert as_utc(NOW.astimezone(tz=None)) == NOW
    assert as_utc(None) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-09:00"])
def test_a_time_beyond_utc_is_refused(text):
    with pytest.raises(InvalidInputError):
        as_utc(datetime.fromisoformat(text))


def test_odd_payloads_read_as_absent():
    assert decode_payload(b"") == decode_payload(b"[]") == decode_payload(b"{") == {}
    assert (as_text(1), as_text(True), as_text(None), as_text([])) == ("1", "true", None, None)
    assert as_pairs({"a": 1}) == as_pairs([["a", 1], ["b"], 3]) == [("a", 1)]
    assert as_time(0) == "1970-01-01T00:00:00Z"
    assert as_time(10**30) is None
    assert as_time(True) is None


def test_a_message_is_one_entry_even_when_sent_twice():
    entries = entries_of({"logentry": {"message": "a %s", "formatted": "a b"}, "message": "a b"})
    assert entries == [{"type": "message", "data": {"formatted": "a b", "message": "a %s", "params": None}}]


def test_a_frame_numbers_the_lines_around_it():
    frame = show_frame({"lineno": 3, "context_line": "c", "pre_context": ["a", "b"], "post_context": ["d"]})
    assert frame["context"] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert show_frame({"context_line": "c"})["context"] == []
