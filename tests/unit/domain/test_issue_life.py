from datetime import UTC, datetime, timedelta

import pytest

from naosu.domain.issue import ChangeKind, IssueStatus
from naosu.domain.issue_life import IssueState, after_events, is_older, muted, opened, resolved

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
SEEN = {"old": NOW - timedelta(days=2), "aaa1": NOW - timedelta(days=1), "fff2": NOW + timedelta(days=1)}


def after(state: IssueState, at: datetime, release: str = "", quantity: int = 1):
    return after_events(state, received_at=at, release=release, first_seen=SEEN.get, quantity=quantity)


def test_an_open_issue_stays_as_it_is() -> None:
    assert after(IssueState(), NOW) == (IssueState(), None)


def test_resolved_now_holds_until_the_first_event_after_it() -> None:
    state = resolved(IssueState(), now=NOW)
    assert after(state, NOW - TICK) == (state, None)
    assert after(state, NOW) == (state, None)
    reopened, kind = after(state, NOW + TICK)
    assert kind is ChangeKind.REGRESSION
    assert reopened == IssueState(regressed_at=NOW + TICK)


@pytest.mark.parametrize(
    ("release", "comes_back"),
    [
        ("shop@1.4.1", False),
        ("shop@1.4.2-rc.1", False),
        ("shop@1.4.2", True),
        ("shop@1.4.10", True),
        ("shop@2.0", True),
        ("1.4.1", False),
        ("1.5", True),
        ("", True),
    ],
)
def test_resolved_in_a_release_holds_for_older_ones(release: str, comes_back: bool) -> None:
    state = resolved(IssueState(), now=NOW, in_release="shop@1.4.2")
    _, kind = after(state, NOW + TICK, release)
    assert (kind is ChangeKind.REGRESSION) == comes_back


def test_resolved_in_a_plain_hash_goes_by_when_releases_were_first_seen() -> None:
    state = resolved(IssueState(), now=NOW, in_release="aaa1")
    assert after(state, NOW + TICK, "old")[1] is None
    assert after(state, NOW + TICK, "aaa1")[1] is ChangeKind.REGRESSION
    assert after(state, NOW + TICK, "fff2")[1] is ChangeKind.REGRESSION


def test_resolved_in_a_release_that_nobody_has_heard_of_holds_for_all_that_were() -> None:
    state = resolved(IssueState(), now=NOW, in_release="future-hash")
    assert after(state, NOW + TICK, "aaa1")[1] is None
    assert after(state, NOW + TICK, "future-hash")[1] is ChangeKind.REGRESSION


def test_resolved_in_the_next_release_holds_for_those_first_seen_before() -> None:
    state = resolved(IssueState(), now=NOW, in_next=True)
    assert after(state, NOW + TICK, "aaa1") == (state, None)
    assert after(state, NOW + TICK, "fff2")[1] is ChangeKind.REGRESSION
    assert after(state, NOW + TICK, "")[1] is ChangeKind.REGRESSION
    exactly = resolved(IssueState(), now=SEEN["aaa1"], in_next=True)
    assert after(exactly, NOW, "aaa1")[1] is None


def test_a_named_release_wins_over_next() -> None:
    assert resolved(IssueState(), now=NOW, in_release="1.0", in_next=True).resolved_in_next is False


def test_a_mute_ends_exactly_on_time() -> None:
    state = muted(IssueState(), until=NOW, more_events=None)
    assert after(state, NOW - TICK) == (state, None)
    assert after(state, NOW) == (IssueState(), ChangeKind.UNMUTED)


def test_a_mute_of_three_events_ends_with_the_third() -> None:
    state = muted(IssueState(), until=None, more_events=3)
    state, kind = after(state, NOW, quantity=2)
    assert (state.mute_events_left, kind) == (1, None)
    assert after(state, NOW) == (IssueState(), ChangeKind.UNMUTED)
    assert after(state, NOW, quantity=50) == (IssueState(), ChangeKind.UNMUTED)


def test_a_mute_by_hand_never_ends_by_itself() -> None:
    state = muted(IssueState(), until=None, more_events=None)
    assert after(state, NOW + timedelta(days=9_999), quantity=10**9) == (state, None)


def test_that_an_issue_once_regressed_is_known_until_the_end() -> None:
    state = IssueState(regressed_at=NOW)
    for change in (opened(state), muted(state, until=None, more_events=1), resolved(state, now=NOW)):
        assert change.regressed_at == NOW
    assert opened(resolved(state, now=NOW)).status is IssueStatus.OPEN


ASCENDING = [
    "1.0.dev1",
    "1.0-alpha",
    "1.0-alpha.1",
    "1.0-alpha.beta",
    "1.0b2",
    "1.0-beta.11",
    "1.0rc1",
    "1.0",
    "v1.0.1",
    "1.2.9+4",
    "1.2.9+10",
    "1.2.10",
    "1.10",
    "2",
]


@pytest.mark.parametrize("package", ["", "shop@"])
def test_versions_are_ordered_as_semver_orders_them(package: str) -> None:
    releases = [f"{package}{version}" for version in ASCENDING]
    for at, release in enumerate(releases):
        for other_at, other in enumerate(releases):
            assert is_older(release, other, {}.get) == (at < other_at), (release, other)


def test_versions_of_different_packages_go_by_time() -> None:
    seen = {"shop@2.0": NOW, "till@1.0": NOW + TICK}
    assert is_older("shop@2.0", "till@1.0", seen.get)
    assert not is_older("till@1.0", "shop@2.0", seen.get)


def test_equal_versions_are_not_older_than_each_other() -> None:
    for one, other in (("1.0", "v1.0.0"), ("same", "same"), ("aaa1", "aaa1")):
        assert not is_older(one, other, {}.get)
        assert not is_older(other, one, {}.get)
