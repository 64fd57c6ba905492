"""What may happen to a store, and all that can be seen of it afterwards."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from naosu.domain.classification import Category, Classification, Severity
from naosu.domain.errors import NaosuError
from naosu.domain.event import Event, User
from naosu.domain.fingerprint import Grouping
from naosu.domain.issue_query import IssueSort, parse_query
from naosu.domain.project import Retention
from naosu.domain.report import SampledCount
from naosu.ports.store import Store
from naosu.ports.store.digest import DigestBatch, DigestedEvent

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=3)
FEW = st.integers(0, 3)
KINDS = (
    Classification(),
    Classification(category=Category.DATABASE, severity=Severity.HIGH, rule_id="r"),
)
SEARCHES = ("is:open", "is:regressed", "is:muted", "release:1.*", "environment:prod", "user.id:1", "plan:gold", "<*>")
NUMBERS_MAX = 12

Step = tuple[Any, ...]


@st.composite
def events(draw: st.DrawFn) -> DigestedEvent:
    number = draw(FEW)
    at = NOW + timedelta(minutes=draw(st.integers(0, 200)))
    event = Event(
        event_id=f"{draw(st.integers(0, 999)):032x}",
        project_id=1,
        occurred_at=at,
        received_at=at,
        release=draw(st.sampled_from(["", "1.0", "1.1", "2.0"])),
        environment=draw(st.sampled_from(["", "prod"])),
        user=User(id=draw(st.sampled_from(["", "1", "2"])), email=draw(st.sampled_from(["", "a@b"]))),
        tags=draw(st.sampled_from([(), (("plan", "gold"),), (("plan", "x\0"), ("level", "odd"))])),
    )
    return DigestedEvent(
        event=event,
        grouping=Grouping(
            fingerprint=f"v1:{number}",
            previous=draw(st.sampled_from([(), ("v1:0",)])),
            absorbed=draw(st.sampled_from([(), (), ("v1:0",), ("v1:1",), ("v1:2", "v1:3")])),
            title=draw(st.sampled_from([f"t{number}", f"t{number} <*>"])),
            culprit=draw(st.sampled_from(["c", "d"])),
            caller=draw(st.sampled_from(["", "main"])),
        ),
        classification=draw(st.sampled_from(KINDS)),
        body=b"",
        signature=draw(st.sampled_from(["", "s0", "s1"])) and f"s{number}",
    )


sampled = st.builds(
    lambda number, quantity, minutes: SampledCount(
        project_id=1,
        signature=f"s{number}",
        quantity=quantity,
        first_at=NOW,
        last_at=NOW + timedelta(minutes=minutes),
    ),
    FEW,
    st.integers(1, 5),
    st.integers(0, 90),
)
record = st.builds(
    lambda some, counts: ("record", DigestBatch(events=tuple(some), sampled=tuple(counts))),
    st.lists(events(), min_size=1, max_size=6),
    st.lists(sampled, max_size=2),
)
on_issue = st.tuples(
    st.sampled_from(["resolve", "next", "release", "mute", "until", "open", "merge", "split"]), FEW, FEW
)
other = st.tuples(st.sampled_from(["evict", "old", "compact", "reset"]))
steps = record | record | on_issue | other
histories = st.lists(steps, min_size=4, max_size=12)


def act(store: Store, step: Step) -> Any:
    """Do one step, and return what the store said, or the code of what it raised."""
    try:
        return _act(store, step)
    except NaosuError as error:
        return error.code


def _act(store: Store, step: Step) -> Any:
    numbers = sorted({line.issue_id for line in store.list_events(limit=1_000).events})
    match step:
        case ("record", batch):
            return [(change.kind, change.event_id, change.at) for change in store.record(batch, now=NOW)]
        case ("evict",):
            return store.evict(1, Retention(days=9, events_max=4), now=NOW, step_events_max=100)
        case ("old",):
            return store.evict(1, Retention(days=1), now=NOW + timedelta(days=1, minutes=60), step_events_max=100)
        case ("compact",):
            return store.compact(now=NOW)
        case ("reset",):
            return store.reset_errors()
        case (_, one, _) if one >= len(numbers):
            return None
        case (what, one, two):
            return plain(_act_on_issue(store, what, numbers[one], numbers[two % len(numbers)]))


def _act_on_issue(store: Store, what: str, number: int, other_number: int) -> Any:
    match what:
        case "resolve":
            return store.resolve_issue(number, now=NOW + timedelta(minutes=50))
        case "next":
            return store.resolve_issue(number, now=NOW + timedelta(minutes=50), in_next=True)
        case "release":
            return store.resolve_issue(number, now=NOW + timedelta(minutes=50), in_release="1.1")
        case "mute":
            return store.mute_issue(number, until=None, more_events=4)
        case "until":
            return store.mute_issue(number, until=NOW + timedelta(minutes=90), more_events=None)
        case "open":
            return store.open_issue(number)
        case "merge":
            return store.merge_issues(number, [other_number])
        case _:
            return store.split_issue(number, [store.list_fingerprints(number)[0].fingerprint], now=NOW)


def plain(issue: Any) -> Any:
    """Ids may differ between stores; numbers may not."""
    return msgspec.structs.replace(issue, id=0)


def picture(store: Store) -> dict[str, Any]:
    """Return what may change with each step."""
    # Where two are equal, the younger is first: ids grow in every store.
    issues = _found(store, "")
    return {
        "issues": [plain(issue) for issue in issues],
        "details": [_details(store, issue.id) for issue in issues],
        "releases": sorted(
            (one.version, one.event_count, one.new_issue_count, one.first_event_at, one.last_event_at)
            for one in store.list_releases()
        ),
        "totals": store.totals(),
        "ledger": store.ledger(since=LONG_AGO),
    }


def answers(store: Store) -> dict[str, Any]:
    """Return what the store finds when it is asked."""
    return {
        "searches": {line: [issue.number for issue in _found(store, line)] for line in SEARCHES},
        "orders": [[issue.number for issue in _found(store, "", sort)] for sort in IssueSort],
        "short ids": [_number_behind(store, number) for number in range(1, NUMBERS_MAX)],
    }


def _found(store: Store, line: str, sort: IssueSort = IssueSort.LAST_SEEN) -> Any:
    return store.find_issues(parse_query(line, now=NOW, sort=sort), now=NOW).issues


def _number_behind(store: Store, number: int) -> int | None:
    try:
        return store.find_by_short_id(f"SHOP-{number}").number
    except NaosuError:
        return None


def _details(store: Store, issue_id: int) -> dict[str, Any]:
    return {
        "tags": store.list_tags(issue_id),
        "callers": store.callers(issue_id),
        "fingerprints": sorted(
            (one.fingerprint, one.event_count, one.first_seen_at, one.title)
            for one in store.list_fingerprints(issue_id)
        ),
        "hours": store.hourly_counts([issue_id], since=LONG_AGO)[issue_id],
        "events": [
            (line.event_id, line.title, line.release, line.environment, line.user_key)
            for line in store.list_events(issue_id=issue_id, limit=1_000).events
        ],
    }
