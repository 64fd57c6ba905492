"""The first screen, which answers: is anything broken, what needs me, what did Naosu do, what is new."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from fastapi import Response

from naosu.api.context import ApiContext
from naosu.domain.errors import NaosuError
from naosu.domain.issue import Issue
from naosu.domain.issue_query import IssueQuery, IssueSort, Term
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.ports.inbox import InboxDepth
from naosu.web.setup import setup_of
from naosu.web.shell import Screen, Visit
from naosu.web.trends import sparks

DAY = timedelta(days=1)
LINES_MAX = 6
PENDING_OLD = timedelta(minutes=1)
_LOST = (Outcome.LIMITED, Outcome.INVALID, Outcome.DEAD)
_COUNTED = (Outcome.ACCEPTED, Outcome.SAMPLED)
_OPEN = Term(field="is", values=("open",))


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What the first screen tells.

    Attributes:
        critical, high, lower: Open issues of these severities with events within an hour.
        needs: What a person should look at, the worst first.
        fresh: First seen within a day, newest first.
        fresh_total: How many there are.
        dead_count: Dead letters that wait.
        lost_day: Refused, invalid or dead within a day, by kind of data, the most first.
        events_day: Error events within a day, stored or counted by sampling; nothing else that came along.
        inbox: None: it cannot be reached.
    """

    critical: int
    high: int
    lower: int
    open_total: int
    needs: tuple[Issue, ...]
    needs_total: int
    fresh: tuple[Issue, ...]
    fresh_total: int
    dead_count: int
    lost_day: tuple[tuple[str, int], ...]
    events_day: int
    inbox: InboxDepth | None
    inbox_late: bool

    @property
    def verdict(self) -> str:
        """The answer to "is anything broken?"."""
        if self.critical or self.inbox is None or self.inbox_late:
            return "CRITICAL"
        if self.high:
            return "HIGH"
        return "MEDIUM" if self.dead_count else "ok"


def overview_of(context: ApiContext, *, now: datetime) -> Overview:
    """Ask the store and the inbox the four questions."""
    store = context.store

    def count(*terms: Term, since: datetime | None = None) -> int:
        return store.find_issues(IssueQuery(terms=(_OPEN, *terms), seen_since=since), now=now, limit=1).total

    def within_hour(*severities: str) -> int:
        return count(Term(field="severity", values=severities), since=now - timedelta(hours=1))

    needs, needs_total = _needs(context, now=now)
    fresh = store.find_issues(
        IssueQuery(terms=(_OPEN, Term(field="is", values=("new",))), sort=IssueSort.FIRST_SEEN),
        now=now,
        limit=LINES_MAX,
    )
    ledger = store.ledger(since=now - DAY)
    inbox = depth_of(context)
    return Overview(
        critical=within_hour("CRITICAL"),
        high=within_hour("HIGH"),
        lower=within_hour("MEDIUM", "LOW"),
        open_total=count(),
        needs=needs,
        needs_total=needs_total,
        fresh=fresh.issues,
        fresh_total=fresh.total,
        dead_count=store.totals().dead_count,
        lost_day=amounts_of(ledger, _LOST),
        events_day=dict(amounts_of(ledger, _COUNTED)).get(DataCategory.ERROR, 0),
        inbox=inbox,
        inbox_late=bool(inbox and inbox.oldest_at and now - inbox.oldest_at > PENDING_OLD),
    )


def amounts_of(entries: Iterable[LedgerEntry], outcomes: Sequence[Outcome]) -> tuple[tuple[str, int], ...]:
    """Return how much met these fates, by kind of data: error events first, then the most."""
    sums: Counter[str] = Counter()
    for entry in entries:
        if entry.outcome in outcomes:
            sums[entry.category.value] += entry.quantity
    return tuple(sorted(sums.items(), key=lambda pair: (pair[0] != DataCategory.ERROR, -pair[1], pair[0])))


def _needs(context: ApiContext, *, now: datetime) -> tuple[tuple[Issue, ...], int]:
    """Return regressions first, then the most severe of what is open and was seen within a day."""
    severe = Term(field="severity", values=("CRITICAL", "HIGH"))
    back = Term(field="is", values=("regressed",))
    find = context.store.find_issues
    regressed = find(IssueQuery(terms=(back,)), now=now, limit=LINES_MAX)
    worst = find(
        IssueQuery(terms=(_OPEN, severe), seen_since=now - DAY, sort=IssueSort.USERS), now=now, limit=LINES_MAX * 2
    )
    known = {issue.id for issue in regressed.issues}
    rest = sorted((i for i in worst.issues if i.id not in known), key=lambda i: i.classification.severity != "CRITICAL")
    both = find(IssueQuery(terms=(back, severe), seen_since=now - DAY), now=now, limit=1).total
    return (*regressed.issues, *rest)[:LINES_MAX], regressed.total + worst.total - both


def depth_of(context: ApiContext) -> InboxDepth | None:
    """Return how much waits. None: the inbox cannot be reached."""
    try:
        return context.inbox_depth()
    except NaosuError:
        return None


def show(visit: Visit) -> Response:
    """Answer the four questions; before the first event, show how to send one."""
    projects = visit.context.store.list_projects()
    totals = visit.context.store.totals()
    if totals.issue_count == 0 and totals.event_count == 0:
        setups = [setup_of(visit.context, project) for project in projects]
        return visit.page("home/first_run.html", section="home", setups=setups)
    overview = overview_of(visit.context, now=visit.times.now)
    lines = sparks(visit, (*overview.needs, *overview.fresh))
    return visit.page("home/home.html", section="home", overview=overview, sparks=lines)


SCREENS = (Screen(path="/", handler=show),)
