"""Issues as people and scripts see them, on every store."""

from datetime import timedelta

import pytest

from naosu.domain.classification import Category, Severity
from naosu.domain.errors import InvalidInputError, NotFoundError
from naosu.domain.event import ExceptionValue, Level
from naosu.domain.issue import IssueStatus
from naosu.domain.issue_query import IssueQuery, IssueSort, parse_query
from naosu.domain.project import Retention
from naosu.ports.store import Store
from naosu.storage.facets import DISTINCT_VALUES_MAX

from .builders import DAY, HOUR, MINUTE, NOW, batch, digested, sampled

pytestmark = pytest.mark.usefixtures("shop")


def found(store: Store, line: str) -> list[str]:
    page = store.find_issues(parse_query(line, now=NOW), now=NOW)
    assert page.total == len(page.issues)
    return [issue.title for issue in page.issues]


@pytest.fixture
def three(store: Store) -> dict[str, int]:
    """Tea is newest, Milk most frequent, Pay has most users."""
    tea = digested(
        fingerprint="v1:tea",
        title="TeaError: Keine Tasse für 50%",
        culprit="brew in shop.kitchen",
        at=NOW + 2 * HOUR,
        level=Level.WARNING,
        release="shop@1.2.0",
        environment="prod",
        tags=(("plan", "gold"), ("zone", "eu_west")),
        exceptions=(ExceptionValue(type="TeaError", handled=True),),
        category=Category.VALIDATION,
        severity=Severity.LOW,
    )
    milk = [
        digested(
            fingerprint="v1:milk",
            title="MilkError: sour",
            culprit="pour in shop.dairy",
            at=NOW - 3 * DAY + MINUTE * number,
            release="shop@1.3.0",
            environment="staging",
            tags=(("plan", "silver"),),
            platform="node",
        )
        for number in range(3)
    ]
    pay = [
        digested(fingerprint="v1:pay", title="PayError", culprit="pay", user=user, at=NOW, exceptions=())
        for user in ("7", "8")
    ]
    store.record(batch(tea, *milk, *pay), now=NOW)
    by_title = {issue.title.partition("Error")[0].lower(): issue.id for issue in _all(store)}
    store.resolve_issue(by_title["pay"], now=NOW)
    return by_title


def _all(store: Store) -> list:
    return list(store.find_issues(parse_query("", now=NOW), now=NOW).issues)


TEA, MILK, PAY = "TeaError: Keine Tasse für 50%", "MilkError: sour", "PayError"


@pytest.mark.parametrize(
    ("line", "titles"),
    [
        ("", [TEA, PAY, MILK]),
        ("is:unresolved", [TEA, MILK]),
        ("!is:unresolved", [PAY]),
        ("is:[resolved, muted]", [PAY]),
        ("is:handled", [TEA]),
        ("is:unhandled", [MILK]),
        ("!is:handled", [PAY, MILK]),
        ("is:new", [TEA, PAY]),
        ("is:regressed", []),
        ("level:warning", [TEA]),
        ("level:[error, warning]", [TEA, PAY, MILK]),
        ("category:validation", [TEA]),
        ("category:DATA*", [PAY, MILK]),
        ("severity:low", [TEA]),
        ("platform:node", [MILK]),
        ("release:shop@1.2.0", [TEA]),
        ("release:1.2.0", [TEA]),
        ("release:shop@1.*", [TEA, MILK]),
        ("release:1.2", []),
        ("first-release:1.3.0", [MILK]),
        ("environment:prod", [TEA]),
        ("!environment:prod", [PAY, MILK]),
        ("plan:gold", [TEA]),
        ("plan:GOLD", []),
        ("plan:*l*", [TEA, MILK]),
        ("plan:g?ld", []),
        ("zone:eu_west", [TEA]),
        ("zone:eu?west", []),
        ("zone:eu.west*", []),
        ("has:plan", [TEA, MILK]),
        ("!has:plan", [PAY]),
        ("type:TeaError", [TEA]),
        ("user.id:7", [PAY]),
        ("user.id:[7, 9]", [PAY]),
        ("user.id:9", []),
        ("user.id:*", [PAY]),
        ("user.email:7", []),
        ("id:SHOP-1", [TEA]),
        ("id:[shop-1, shop-2]", [TEA, MILK]),
        ("title:sour", [MILK]),
        ("title:Milk*", [MILK]),
        ("title:ilk*", []),
        ("culprit:kitchen", [TEA]),
        ("FÜR", [TEA]),
        ("50%", [TEA]),
        ("0%0", []),
        ("shop. error", [TEA, MILK]),
        ("is:unresolved sour plan:silver", [MILK]),
    ],
)
def test_a_search_finds(store: Store, three: dict[str, int], line: str, titles: list[str]) -> None:
    assert found(store, line) == titles


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        (IssueSort.LAST_SEEN, [TEA, PAY, MILK]),
        (IssueSort.FIRST_SEEN, [TEA, PAY, MILK]),
        (IssueSort.EVENTS, [MILK, PAY, TEA]),
        (IssueSort.USERS, [PAY, MILK, TEA]),
    ],
)
def test_pages_of_one_join_up_in_every_order(
    store: Store, three: dict[str, int], sort: IssueSort, titles: list[str]
) -> None:
    query = parse_query(f"sort:{sort.value}", now=NOW)
    titles_seen, cursor = [], None
    while True:
        page = store.find_issues(query, now=NOW, limit=1, cursor=cursor)
        titles_seen += [issue.title for issue in page.issues]
        assert page.total == 3
        cursor = page.next_cursor
        if cursor is None:
            break
    assert titles_seen == titles


@pytest.mark.parametrize("cursor", ["x", "!!", "bnVsbA", "WzFd", "é", "A" * 1000])
def test_a_cursor_that_is_not_ours_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        store.find_issues(parse_query("", now=NOW), now=NOW, cursor=cursor)
    with pytest.raises(InvalidInputError):
        store.list_events(cursor=cursor)


def test_a_search_is_limited_to_projects_and_by_time(store: Store, three: dict[str, int]) -> None:
    assert store.find_issues(parse_query("", now=NOW, project_ids=(2,)), now=NOW).issues == ()
    assert len(store.find_issues(parse_query("", now=NOW, project_ids=(1, 2)), now=NOW).issues) == 3
    since = parse_query("", now=NOW).__class__(seen_since=NOW)
    assert {issue.title for issue in store.find_issues(since, now=NOW).issues} == {TEA, PAY}
    until = IssueQuery(first_seen_until=NOW)
    assert {issue.title for issue in store.find_issues(until, now=NOW).issues} == {PAY, MILK}
    until = IssueQuery(first_seen_until=NOW - MINUTE, seen_since=NOW - 3 * DAY)
    assert {issue.title for issue in store.find_issues(until, now=NOW).issues} == {MILK}
    assert store.find_issues(parse_query("", now=NOW), now=NOW, limit=1, total_max=2).total == 2


def test_an_issue_that_does_not_exist_is_not_found(store: Store) -> None:
    for number in (99, 0, -1, 2**70):
        with pytest.raises(NotFoundError):
            store.get_issue(number)
    for short_id in ("SHOP-9", "nonsense", "SHOP-", "-1", "SHOP-99999999999999999999", "SHOP-１"):
        with pytest.raises(NotFoundError):
            store.find_by_short_id(short_id)
    with pytest.raises(NotFoundError):
        store.resolve_issue(99, now=NOW)


def test_short_ids_are_found_in_any_case(store: Store, three: dict[str, int]) -> None:
    assert store.find_by_short_id("shop-1").id == store.find_by_short_id("SHOP-1").id == three["tea"]


def test_an_issue_is_resolved_muted_and_opened_by_hand(store: Store, three: dict[str, int]) -> None:
    number = three["tea"]
    mark = store.change_mark()
    resolved = store.resolve_issue(number, now=NOW, in_release="2.0")
    assert (resolved.status, resolved.resolved_at, resolved.resolved_in_release) == (IssueStatus.RESOLVED, NOW, "2.0")
    muted = store.mute_issue(number, until=NOW + DAY, more_events=None)
    assert (muted.status, muted.muted_until, muted.resolved_at) == (IssueStatus.MUTED, NOW + DAY, None)
    opened = store.open_issue(number)
    assert opened == store.get_issue(number)
    assert (opened.status, opened.muted_until) == (IssueStatus.OPEN, None)
    assert store.change_mark() != mark


def test_merging_moves_everything_now_and_in_future(store: Store, three: dict[str, int]) -> None:
    tea, milk, pay = (store.get_issue(three[name]) for name in ("tea", "milk", "pay"))
    merged = store.merge_issues(tea.id, [milk.id, pay.id])
    assert merged == store.get_issue(tea.id)
    assert (merged.event_count, merged.stored_count, merged.user_count) == (6, 6, 2)
    assert (merged.first_seen_at, merged.last_seen_at) == (milk.first_seen_at, tea.last_seen_at)
    assert merged.first_release == "shop@1.3.0"
    assert store.get_issue(milk.id) == merged
    assert sum(hour.count for hour in store.hourly_counts([tea.id], since=NOW - 9 * DAY)[tea.id]) == 6
    store.record(batch(digested(fingerprint="v1:milk", user="7"), digested(fingerprint="v1:tea", user="9")), now=NOW)
    again = store.get_issue(tea.id)
    assert again.event_count == 8
    assert again.user_count == 3, "user 7 was known from another fingerprint, user 9 was not"
    assert len(store.list_events(issue_id=tea.id).events) == 8
    assert {one.fingerprint for one in store.list_fingerprints(tea.id)} == {"v1:tea", "v1:milk", "v1:pay"}


def test_one_new_user_under_two_fingerprints_of_an_issue_is_one_user(store: Store, three: dict[str, int]) -> None:
    merged = store.merge_issues(three["tea"], [three["milk"]])
    store.record(batch(digested(fingerprint="v1:milk", user="5"), digested(fingerprint="v1:tea", user="5")), now=NOW)
    assert store.get_issue(merged.id).user_count == merged.user_count + 1


def test_the_short_id_of_a_merged_issue_means_its_target_for_ever(store: Store, three: dict[str, int]) -> None:
    tea, milk, pay = (store.get_issue(three[name]) for name in ("tea", "milk", "pay"))
    store.merge_issues(milk.id, [tea.id])
    assert store.find_by_short_id(tea.short_id.lower()).id == milk.id
    store.merge_issues(pay.id, [milk.id])
    for name in (tea.short_id, milk.short_id, pay.short_id):
        assert store.find_by_short_id(name).id == pay.id
    split = store.split_issue(pay.id, ["v1:tea"], now=NOW)
    assert store.find_by_short_id(split.short_id).id == split.id
    assert store.find_by_short_id(tea.short_id).id == pay.id
    with pytest.raises(NotFoundError):
        store.find_by_short_id("SHOP-99")


def test_the_id_of_a_merged_issue_means_its_target_for_ever(store: Store, three: dict[str, int]) -> None:
    tea, milk, pay = (three[name] for name in ("tea", "milk", "pay"))
    store.merge_issues(milk, [tea])
    assert store.get_issue(tea) == store.get_issue(milk)
    store.merge_issues(pay, [milk])
    assert store.get_issue(tea).id == store.get_issue(milk).id == pay
    split = store.split_issue(pay, ["v1:tea"], now=NOW)
    assert split.id not in (tea, milk, pay)
    assert store.get_issue(tea).id == pay
    for change in (lambda: store.open_issue(tea), lambda: store.merge_issues(split.id, [tea])):
        with pytest.raises(NotFoundError):
            change()


def test_no_issue_gets_the_id_of_one_that_is_gone(store: Store, three: dict[str, int]) -> None:
    newest = max(three.values())
    oldest = min(three.values())
    store.merge_issues(oldest, [newest])
    store.record(batch(digested(fingerprint="v1:new", title="New")), now=NOW)
    (new,) = store.find_issues(parse_query("title:New", now=NOW), now=NOW).issues
    assert new.id > newest
    assert store.get_issue(newest).id == oldest
    store.reset_errors(None)
    store.record(batch(digested(fingerprint="v1:newer", title="Newer")), now=NOW)
    (newer,) = store.find_issues(parse_query("", now=NOW), now=NOW).issues
    assert newer.id > new.id
    for gone in (newest, oldest, new.id):
        with pytest.raises(NotFoundError):
            store.get_issue(gone)


@pytest.mark.parametrize("project_id", [None, 1])
def test_a_reset_forgets_the_short_ids_of_merged_issues(
    store: Store, three: dict[str, int], project_id: int | None
) -> None:
    milk = store.get_issue(three["milk"])
    store.merge_issues(three["tea"], [milk.id])
    store.reset_errors(project_id)
    with pytest.raises(NotFoundError):
        store.find_by_short_id(milk.short_id)
    with pytest.raises(NotFoundError):
        store.get_issue(milk.id)


def test_retention_forgets_the_short_ids_of_issues_that_it_forgets(store: Store, three: dict[str, int]) -> None:
    milk = store.get_issue(three["milk"])
    store.merge_issues(three["tea"], [milk.id])
    later = NOW + 400 * DAY
    while store.evict(milk.project_id, Retention(), now=later):
        pass
    with pytest.raises(NotFoundError):
        store.find_by_short_id(milk.short_id)
    with pytest.raises(NotFoundError):
        store.get_issue(milk.id)


def test_splitting_undoes_a_merge_exactly(store: Store, three: dict[str, int]) -> None:
    tea, milk = store.get_issue(three["tea"]), store.get_issue(three["milk"])
    store.merge_issues(tea.id, [milk.id])
    split = store.split_issue(tea.id, ["v1:milk"], now=NOW)
    assert split.number == 4
    assert split.title == milk.title
    for name in ("event_count", "stored_count", "user_count", "first_seen_at", "last_seen_at"):
        assert getattr(split, name) == getattr(milk, name), name
        assert getattr(store.get_issue(tea.id), name) == getattr(tea, name), name
    assert store.list_tags(split.id)["plan"][0].value == "silver"
    store.record(batch(digested(fingerprint="v1:milk")), now=NOW)
    assert store.get_issue(split.id).event_count == milk.event_count + 1


def test_a_merge_or_split_that_makes_no_sense_is_refused(store: Store, three: dict[str, int]) -> None:
    other, _ = store.create_project(name="Till", slug="till", now=NOW)
    [change] = store.record(batch(digested(project_id=other.id)), now=NOW)
    for sources in ([three["tea"]], [change.issue_id], [three["milk"], three["tea"]]):
        with pytest.raises(InvalidInputError):
            store.merge_issues(three["tea"], sources)
    for fingerprints in (["v1:tea"], [], ["v1:milk"]):
        with pytest.raises(InvalidInputError):
            store.split_issue(three["tea"], fingerprints, now=NOW)
    with pytest.raises(NotFoundError):
        store.merge_issues(three["tea"], [999])
    assert store.get_issue(three["milk"]).event_count == 3


def test_sampled_counts_follow_a_merge(store: Store, three: dict[str, int]) -> None:
    store.record(batch(digested(fingerprint="v1:milk", signature="s")), now=NOW)
    store.merge_issues(three["tea"], [three["milk"]])
    before = store.get_issue(three["tea"]).event_count
    store.record(batch(sampled=(sampled("s", 5),)), now=NOW)
    assert store.get_issue(three["tea"]).event_count == before + 5


def test_tags_are_listed_the_most_frequent_first(store: Store) -> None:
    values = ["b", "a", "b", "c", "a", "b"]
    events = [digested(tags=(("plan", value),), at=NOW + MINUTE * at, caller="x") for at, value in enumerate(values)]
    [change] = store.record(batch(*events), now=NOW)
    tags = store.list_tags(change.issue_id, values_max=2)
    assert [(tag.value, tag.count, tag.last_seen_at) for tag in tags["plan"]] == [
        ("b", 3, NOW + 5 * MINUTE),
        ("a", 2, NOW + 4 * MINUTE),
    ]
    assert tags["level"][0].count == 6
    assert "caller" not in tags
    assert ":caller" not in tags
    [caller] = store.callers(change.issue_id)
    assert (caller.value, caller.count) == ("x", 6)


def test_the_values_of_a_tag_are_bounded_and_known_ones_go_on_being_counted(store: Store) -> None:
    def tagged(values: range) -> list:
        return [digested(tags=(("request", str(value)),)) for value in values]

    [change] = store.record(batch(*tagged(range(DISTINCT_VALUES_MAX))), now=NOW)
    store.record(batch(*tagged(range(DISTINCT_VALUES_MAX - 5, DISTINCT_VALUES_MAX + 50))), now=NOW)
    tags = store.list_tags(change.issue_id, values_max=5_000)["request"]
    assert len(tags) == DISTINCT_VALUES_MAX
    assert sum(tag.count for tag in tags) == DISTINCT_VALUES_MAX + 5


def test_hours_are_counted_from_the_given_one(store: Store) -> None:
    [change] = store.record(batch(digested(at=NOW - HOUR), digested(), digested(at=NOW + HOUR)), now=NOW)
    hour = NOW.replace(minute=0)
    counts = store.hourly_counts([change.issue_id, 99], since=hour)
    assert [(one.hour, one.count) for one in counts[change.issue_id]] == [(hour, 1), (hour + HOUR, 1)]
    assert counts[99] == []
    assert len(store.hourly_counts([change.issue_id], since=hour + timedelta(microseconds=1))[change.issue_id]) == 1


def test_events_of_an_issue_are_neighbours_also_across_fingerprints(store: Store) -> None:
    events = [digested(fingerprint=f"v1:{number % 2}", at=NOW + MINUTE * number) for number in range(4)]
    first, second = store.record(batch(*events), now=NOW)
    store.merge_issues(first.issue_id, [second.issue_id])
    names = [one.event.event_id for one in events]
    for at, name in enumerate(names):
        stored = store.get_event(name)
        assert stored.older_id == (names[at - 1] if at else None)
        assert stored.newer_id == (names[at + 1] if at < 3 else None)
    assert store.latest_event(first.issue_id).event.event_id == names[3]
    assert store.oldest_event(first.issue_id).event.event_id == names[0]


def test_events_are_listed_newest_first_page_by_page(store: Store) -> None:
    events = [digested(user=str(number), release="1.0", transaction="/pay") for number in range(5)]
    [change] = store.record(batch(*events), now=NOW)
    names = [one.event.event_id for one in reversed(events)]
    for where in ({}, {"issue_id": change.issue_id}, {"project_id": 1}):
        first = store.list_events(limit=3, **where)
        second = store.list_events(limit=3, cursor=first.next_cursor, **where)
        assert [line.event_id for line in (*first.events, *second.events)] == names
        assert second.next_cursor is None
    line = first.events[0]
    assert (line.user_key, line.release, line.transaction, line.title) == ("id:4", "1.0", "/pay", "ValueError: boom")
    assert store.list_events(project_id=2).events == ()
    assert [one.event.event_id for one in store.recent_events(1, limit=2)] == names[:2]


def test_events_that_do_not_exist_are_not_found(store: Store) -> None:
    for name in ("ab" * 16, "no hex", "", "é"):
        with pytest.raises(NotFoundError):
            store.get_event(name)
    with pytest.raises(NotFoundError):
        store.latest_event(99)


def test_issues_and_events_are_counted_by_what_kind_of_fault_they_are(store: Store, three: dict[str, int]) -> None:
    store.resolve_issue(three["tea"], now=NOW)
    other, _ = store.create_project(name="Till", slug="till", now=NOW)
    store.record(batch(digested(project_id=other.id, category=Category.UNKNOWN)), now=NOW)
    counts = store.count_by_classification(1)
    issues = [store.get_issue(number) for number in three.values()]
    assert sum(one.issue_count for one in counts) == len(issues)
    assert sum(one.event_count for one in counts) == sum(issue.event_count for issue in issues)
    for issue in issues:
        kind = (issue.classification.category, issue.classification.severity, issue.status)
        [mine] = [one for one in counts if (one.category, one.severity, one.status) == kind]
        assert mine.issue_count >= 1
    assert len(store.count_by_classification()) == len(counts) + 1
    assert store.count_by_classification(999) == []
