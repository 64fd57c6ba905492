"""What was learnt of problems after their first events: late news, and what a person decided, on every store."""

import pytest

from naosu.domain.errors import StoreUnavailableError
from naosu.domain.fingerprint import Site, Template
from naosu.domain.issue import ChangeKind, IssueStatus
from naosu.ports.store import Store

from .builders import DAY, HOUR, MINUTE, NOW, batch, digested
from .conftest import OpenStore

pytestmark = pytest.mark.usefixtures("shop")


def record(store: Store, *names: str, absorbed: tuple[str, ...] = (), **fields: object) -> list[int]:
    """Record an event of each, one batch a name; return the ids of new issues."""
    made = []
    for name in names:
        one = digested(fingerprint=name, title=f"Error: {name}", absorbed=absorbed, **fields)
        changes = store.record(batch(one), now=NOW)
        made += [change.issue_id for change in changes if change.kind is ChangeKind.NEW]
    return made


def names_of(store: Store, issue_id: int) -> set[str]:
    return {one.fingerprint for one in store.list_fingerprints(issue_id)}


def issue_ids(store: Store) -> set[int]:
    return {line.issue_id for line in store.list_events(limit=1_000).events}


def test_what_turns_out_to_be_one_problem_ends_in_its_oldest_issue(store: Store) -> None:
    first, second, third = record(store, "v1:a", "v1:b", "v1:c", user="7", release="1.0")
    assert record(store, "v1:c", absorbed=("v1:a", "v1:b"), at=NOW + HOUR, user="8", tags=(("plan", "gold"),)) == []
    assert issue_ids(store) == {first}
    issue = store.get_issue(first)
    assert (issue.number, issue.event_count, issue.stored_count, issue.user_count) == (1, 4, 4, 2)
    assert (issue.first_seen_at, issue.last_seen_at, issue.first_release) == (NOW, NOW + HOUR, "1.0")
    assert [tag.count for tag in store.list_tags(first)["user"]] == [3, 1]
    assert sum(hour.count for hour in store.hourly_counts([first], since=NOW - DAY)[first]) == 4
    assert store.totals().issue_count == 1
    assert names_of(store, first) == {"v1:a", "v1:b", "v1:c"}
    assert {second, third}.isdisjoint(issue_ids(store))


def test_the_issue_that_survives_keeps_its_own_first_title_and_culprit(store: Store) -> None:
    [first, _] = record(store, "v1:a", "v1:b", culprit="pay in shop")
    record(store, "v1:b", "v1:new", absorbed=("v1:a",), culprit="all")
    issue = store.get_issue(first)
    assert (issue.title, issue.culprit) == ("Error: v1:a", "pay in shop")
    assert names_of(store, first) == {"v1:a", "v1:b", "v1:new"}


def test_a_new_fingerprint_joins_the_issue_of_what_it_absorbed(store: Store) -> None:
    [first, second] = record(store, "v1:a", "v1:b")
    assert record(store, "v1:new", absorbed=("v1:b", "v1:unheard")) == []
    assert names_of(store, second) == {"v1:b", "v1:new"}
    assert record(store, "v1:new", absorbed=("v1:b", "v1:a")) == []
    assert names_of(store, first) == {"v1:a", "v1:b", "v1:new"}


def test_learning_within_a_batch_makes_one_issue_from_the_start(store: Store) -> None:
    before = [digested(fingerprint=name, title=name) for name in ("v1:a", "v1:b", "v1:c")]
    general = digested(fingerprint="v1:a", title="<*>", absorbed=("v1:b", "v1:c"))
    changes = store.record(batch(*before, general, digested(fingerprint="v1:other")), now=NOW)
    assert [change.kind for change in changes] == [ChangeKind.NEW, ChangeKind.NEW]
    first, other = (store.get_issue(change.issue_id) for change in changes)
    assert (first.number, first.event_count, first.title) == (1, 4, "v1:a"), "its first event names it"
    assert other.number == 2, "no number is lost"


def test_another_digester_that_has_not_heard_of_it_yet_is_followed_up(open_store: OpenStore, store: Store) -> None:
    other = open_store()
    [first] = record(store, "v1:a", absorbed=("v1:b",))
    [late] = record(other, "v1:b")
    record(store, "v1:a", absorbed=("v1:b",))
    record(other, "v1:b")
    assert issue_ids(store) == {first} != {late}
    assert store.get_issue(first).event_count == 4


def test_what_is_known_already_moves_nothing_again(store: Store) -> None:
    [first, _] = record(store, "v1:a", "v1:b")
    for _ in range(3):
        record(store, "v1:a", absorbed=("v1:b",))
    assert store.get_issue(first).event_count == 5


@pytest.mark.parametrize(
    ("survivor", "other", "ends"),
    [
        ("resolved", "open", IssueStatus.OPEN),
        ("resolved", "resolved", IssueStatus.RESOLVED),
        ("muted", "open", IssueStatus.MUTED),
        ("open", "resolved", IssueStatus.OPEN),
    ],
)
def test_an_issue_is_not_resolved_while_a_part_of_it_is_open(
    store: Store, survivor: str, other: str, ends: IssueStatus
) -> None:
    [first, second] = record(store, "v1:a", "v1:b")
    for issue_id, status in ((first, survivor), (second, other)):
        if status == "resolved":
            store.resolve_issue(issue_id, now=NOW + DAY)
        elif status == "muted":
            store.mute_issue(issue_id, until=NOW + DAY, more_events=None)
    record(store, "v1:b", absorbed=("v1:a",), at=NOW + MINUTE)
    assert store.get_issue(first).status is ends


def test_what_a_person_split_off_stays_apart_whatever_is_learnt(store: Store) -> None:
    [first, second, third] = record(store, "v1:a", "v1:b", "v1:c")
    store.merge_issues(first, [second])
    apart = store.split_issue(first, ["v1:b"], now=NOW).id
    record(store, "v1:b", absorbed=("v1:a", "v1:c"))
    record(store, "v1:c", absorbed=("v1:a", "v1:b"))
    assert [names_of(store, one) for one in (first, apart, third)] == [{"v1:a"}, {"v1:b"}, {"v1:c"}]


def test_what_a_newer_algorithm_makes_of_something_split_off_stays_apart_too(store: Store) -> None:
    [first, second] = record(store, "v1:a", "v1:b")
    store.merge_issues(first, [second])
    apart = store.split_issue(first, ["v1:b"], now=NOW).id
    record(store, "v2:b", previous=("v1:b",))
    record(store, "v2:b", absorbed=("v1:a",))
    assert names_of(store, apart) == {"v1:b", "v2:b"}


def test_an_older_fingerprint_tells_where_an_event_belongs_only_once_it_was_seen(store: Store) -> None:
    newer = [digested(fingerprint=f"v2:{name}", previous=("v1:b",)) for name in "xy"]
    events = (digested(fingerprint="v1:a"), newer[0], digested(fingerprint="v1:b", absorbed=("v1:a",)), newer[1])
    first, second = (change.issue_id for change in store.record(batch(*events), now=NOW))
    assert names_of(store, first) == {"v1:a", "v1:b", "v2:y"}
    assert names_of(store, second) == {"v2:x"}


def test_what_a_person_merged_stays_there_and_draws_in_what_is_the_same(store: Store) -> None:
    [oldest, second, third] = record(store, "v1:a", "v1:b", "v1:c")
    merged = store.merge_issues(third, [second]).id
    record(store, "v1:a", absorbed=("v1:b",))
    assert names_of(store, merged) == {"v1:a", "v1:b", "v1:c"}
    assert oldest not in issue_ids(store)
    [fresh] = record(store, "v1:d")
    record(store, "v1:d", absorbed=("v1:c",))
    assert "v1:d" in names_of(store, merged)
    assert fresh not in issue_ids(store)


def test_what_was_drawn_into_a_merged_issue_stays_there_as_if_a_person_had_merged_it(store: Store) -> None:
    oldest, _, third, fourth = record(store, "v1:a", "v1:b", "v1:c", "v1:d")
    merged = store.merge_issues(fourth, [third]).id
    record(store, "v1:b", absorbed=("v1:c",))
    record(store, "v1:a", absorbed=("v1:b",))
    assert names_of(store, merged) == {"v1:a", "v1:b", "v1:c", "v1:d"}
    assert oldest not in issue_ids(store)


def test_two_issues_that_a_person_merged_are_never_made_one_by_learning(store: Store) -> None:
    one, two, three, four = record(store, "v1:a", "v1:b", "v1:c", "v1:d")
    store.merge_issues(one, [two])
    store.merge_issues(three, [four])
    record(store, "v1:a", absorbed=("v1:c",))
    assert names_of(store, one) == {"v1:a", "v1:b"}
    assert names_of(store, three) == {"v1:c", "v1:d"}


def test_another_project_with_the_same_fingerprints_is_left_alone(store: Store) -> None:
    other, _ = store.create_project(name="Till", slug="till", now=NOW)
    [theirs] = record(store, "v1:b", project_id=other.id)
    [mine] = record(store, "v1:a")
    record(store, "v1:a", absorbed=("v1:b",))
    assert names_of(store, mine) == {"v1:a"}
    assert names_of(store, theirs) == {"v1:b"}


def test_sites_that_two_digesters_learnt_apart_are_merged(store: Store) -> None:
    first = Template(template_id="t1", tokens=("no", "tea"), count=3)
    second = Template(template_id="t2", tokens=("no", "milk"), count=1)
    for templates in ((first,), (second,)):
        store.record(batch(sites=((1, Site(site_key="k", templates=templates, revision=4)),)), now=NOW)
    merged = store.load_sites(1, ["k", "unknown"])["k"]
    assert {one.template_id for one in merged.templates} == {"t1", "t2"}
    assert merged.revision > 4


def test_a_site_that_grew_from_the_stored_one_replaces_it(store: Store) -> None:
    tea = Template(template_id="t1", tokens=("no", "tea"))
    anything = Template(template_id="t1", tokens=("no", "<*>"), absorbed=("t2",))
    milk = Template(template_id="t2", tokens=("no", "milk"))
    for revision, templates in enumerate([(tea,), (tea, milk), (anything,)], 1):
        grown = Site(site_key="k", templates=templates, revision=revision)
        store.record(batch(sites=((1, grown),)), now=NOW)
        assert store.load_sites(1, ["k"])["k"] == grown


def test_a_higher_revision_that_lost_something_does_not_win(store: Store) -> None:
    tea, milk = (Template(template_id=name, tokens=("no", name, "today")) for name in ("tea", "milk"))
    for revision, template in ((1, tea), (7, milk)):
        store.record(batch(sites=((1, Site(site_key="k", templates=(template,), revision=revision)),)), now=NOW)
    assert len(store.load_sites(1, ["k"])["k"].templates) == 2


def test_nothing_moves_when_the_batch_is_not_stored(store: Store, request: pytest.FixtureRequest) -> None:
    if "memory" in request.node.name:
        pytest.skip("memory has no transactions to fail")
    [first, second] = record(store, "v1:a", "v1:b")
    broken = digested(fingerprint="v1:a", absorbed=("v1:b",), status_code=1)
    letters = batch(broken, delivery_ids=("x" * 10, object()))  # type: ignore[arg-type]
    with pytest.raises((TypeError, StoreUnavailableError)):
        store.record(letters, now=NOW)
    assert issue_ids(store) == {first, second}
