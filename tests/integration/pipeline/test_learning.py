"""Learning late, with the real grouping: what is told apart at first ends as one issue, as if known from the start."""

import gzip
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from naosu.domain.issue import Issue
from naosu.domain.issue_query import IssueQuery
from naosu.domain.report import Report, ReportKind
from naosu.group import merge_sites
from naosu.pipeline.digest import Digester
from naosu.ports.store import Store
from naosu.queue.memory import MemoryInbox
from naosu.storage.memory import MemoryStore
from naosu.storage.sqlite import open_sqlite_store
from naosu_sdk.classify import Matcher, shipped_packs

NOW = datetime(2026, 11, 22, 10, 30, 12, tzinfo=UTC)
MATCHER = Matcher.load(shipped_packs())
WORDS = ("basket", "crate", "parcel", "bundle", "carton", "pallet", "hamper", "barrel")

NewStore = Callable[[], Store]


class FixedClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(params=["memory", "sqlite"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewStore]:
    made: list[Store] = []

    def new() -> Store:
        path = tmp_path / f"{len(made)}.db"
        made.append(
            MemoryStore(merge_sites=merge_sites)
            if request.param == "memory"
            else open_sqlite_store(path, merge_sites=merge_sites)
        )
        made[-1].create_project(name="Shop", slug="shop", now=NOW)
        return made[-1]

    yield new
    for store in made:
        store.close()
    shutil.rmtree(tmp_path)


class Line:
    """A digester with an inbox of its own, on a store that others may use too."""

    numbers = itertools.count(1)

    def __init__(self, store: Store) -> None:
        self.store = store
        self.inbox = MemoryInbox()
        self.digester = Digester(
            inbox=self.inbox, store=store, clock=FixedClock(), matcher=MATCHER, pseudonym_key=b"k" * 32
        )

    def digest(self, *words: str, together: bool = True) -> None:
        """Digest an event of each word, in one batch or one after the other."""
        for word in words:
            self.inbox.append([_report(word, next(self.numbers))])
            if not together:
                self.digester.step()
        while self.digester.step():
            pass


def _report(word: str, number: int) -> Report:
    frame = {
        "module": "shop.ship",
        "filename": "shop/ship.py",
        "abs_path": "/app/shop/ship.py",
        "function": "ship",
        "lineno": 12,
        "in_app": True,
        "context_line": "    raise ShippingError(message)",
    }
    value = f"cannot ship {word} to the customer"
    event = {
        "event_id": f"{number:032x}",
        "platform": "python",
        "release": "shop@1.0",
        "exception": {"values": [{"type": "ShippingError", "value": value, "stacktrace": {"frames": [frame]}}]},
    }
    body = json.dumps(event).encode()
    lines = [json.dumps({"event_id": event["event_id"]}).encode()]
    lines += [json.dumps({"type": "event", "length": len(body)}).encode(), body]
    at = NOW + timedelta(seconds=number)
    return Report(
        project_id=1,
        key_id=1,
        kind=ReportKind.ENVELOPE,
        content_encoding="gzip",
        received_at=at,
        body=gzip.compress(b"\n".join(lines)),
    )


def issues(store: Store) -> tuple[Issue, ...]:
    return store.find_issues(IssueQuery(), now=NOW).issues


def test_messages_that_are_told_apart_at_first_end_as_one_issue(new_store: NewStore) -> None:
    store = new_store()
    line = Line(store)
    line.digest(*WORDS[:2], together=False)
    assert len(issues(store)) == 2, "two words may be two problems"
    line.digest(*WORDS[2:], together=False)
    [issue] = issues(store)
    assert issue.number == 1
    assert issue.event_count == len(WORDS)
    assert issue.title == "ShippingError: cannot ship basket to the customer", "the text of its first event"


@pytest.mark.parametrize("together", [True, False])
def test_one_pass_ends_as_two_passes_do(new_store: NewStore, together: bool) -> None:
    first, second = new_store(), new_store()
    Line(first).digest(*WORDS, together=together)
    Line(second).digest(*WORDS)
    Line(second).digest(*WORDS, together=together)
    [one], [two] = issues(first), issues(second)
    assert (one.number, one.title, one.culprit) == (two.number, two.title, two.culprit)
    assert (one.event_count, two.event_count) == (len(WORDS), 2 * len(WORDS))


def test_two_digesters_that_learn_apart_end_with_one_issue(new_store: NewStore) -> None:
    store = new_store()
    lines = [Line(store), Line(store)]
    for at, word in enumerate(WORDS + WORDS):
        lines[at % 2].digest(word)
    for line in lines:
        line.digest("trunk")
    [issue] = issues(store)
    assert issue.event_count == 2 * len(WORDS) + 2


def test_an_issue_split_off_by_hand_stays_split_off(new_store: NewStore) -> None:
    store = new_store()
    line = Line(store)
    line.digest(*WORDS, together=False)
    [issue] = issues(store)
    mine = [one.fingerprint for one in store.list_fingerprints(issue.id)]
    apart = store.split_issue(issue.id, mine[1:2], now=NOW)
    line.digest(*WORDS, together=False)
    counts = {one.id: one.event_count for one in issues(store)}
    assert counts == {issue.id: 2 * len(WORDS) - 1, apart.id: 1}
