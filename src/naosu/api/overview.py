"""Errors at a glance: counted by category and severity, and the server's own health."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from naosu.api.context import ApiContext, ProcessInfo
from naosu.domain.classification import Category, Severity
from naosu.domain.errors import NaosuError
from naosu.domain.issue import Issue, IssueStatus
from naosu.domain.issue_query import IssueQuery, IssueSort, Term
from naosu.domain.outcome import LedgerEntry, Outcome
from naosu.ports.inbox import InboxDepth
from naosu.ports.store import Store

PAGE_LENGTH = 500
ISSUES_MAX = 20_000
RATE_WINDOW = timedelta(minutes=5)
NOT_RUNNING = "No server runs on this data folder: what SDKs send is lost. Start it with `naosu serve`."


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Errors counted.

    Attributes:
        total_errors: All events, sampled ones included.
        by_category: Events by category; all categories are named.
        by_severity: Events by severity; all severities are named.
        by_status: Issues by status.
        issues_by_category: Issues by category.
    """

    total_errors: int
    issue_count: int
    by_category: dict[str, int]
    by_severity: dict[str, int]
    by_status: dict[str, int]
    issues_by_category: dict[str, int]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server can do its work.

    Attributes:
        status_code: What `/readyz` answers: 200 or 503.
        response_time_s: How long the look at store and inbox took.
        problems: What is wrong, each in a sentence; empty when healthy.
    """

    is_healthy: bool
    status_code: int
    response_time_s: float
    problems: tuple[str, ...] = ()


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Things per minute, over the last five minutes."""

    accepted_per_minute: float
    dropped_per_minute: float


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """The server at a glance.

    Attributes:
        is_healthy: Store and inbox work, and a server runs: what comes in is digested.
        is_running: A server runs. False only for the command line on a folder on which none does.
    """

    version: str
    now: datetime
    is_healthy: bool
    is_running: bool
    problems: tuple[str, ...]
    public_url: str
    processes: tuple[ProcessInfo, ...]
    cpu_percent: float
    memory_bytes: int
    inbox: InboxDepth | None
    project_count: int
    issue_count: int
    digested: int
    stored: int
    dead: int
    rates: Rates


def each_issue(store: Store, query: IssueQuery, *, now: datetime) -> Iterator[Issue]:
    """Yield matching issues page by page, up to a bound that keeps a report from running for ever."""
    cursor: str | None = None
    seen = 0
    while seen < ISSUES_MAX:
        page = store.find_issues(query, now=now, limit=PAGE_LENGTH, cursor=cursor, total_max=1)
        yield from page.issues
        seen += len(page.issues)
        cursor = page.next_cursor
        if cursor is None:
            return


def summarize(store: Store, *, project_id: int | None = None) -> Summary:
    """Count events and issues by what kind of fault they are."""
    by_category = Counter({category.value: 0 for category in Category})
    by_severity = Counter({severity.value: 0 for severity in Severity})
    by_status = Counter({status.value: 0 for status in IssueStatus})
    issues_by_category: Counter[str] = Counter()
    for count in store.count_by_classification(project_id):
        by_category[count.category.value] += count.event_count
        by_severity[count.severity.value] += count.event_count
        by_status[count.status.value] += count.issue_count
        issues_by_category[count.category.value] += count.issue_count
    return Summary(
        total_errors=sum(by_category.values()),
        issue_count=sum(by_status.values()),
        by_category=dict(by_category),
        by_severity=dict(by_severity),
        by_status=dict(by_status),
        issues_by_category=dict(issues_by_category),
    )


def errors_query(
    *, severity: Severity | None, category: Category | None, project_id: int | None, status: IssueStatus | None = None
) -> IssueQuery:
    """Return the query for a list of errors, the latest first."""
    wanted = {"severity": severity, "category": category, "is": status}
    terms = tuple(Term(field=name, values=(value.value,)) for name, value in wanted.items() if value is not None)
    return IssueQuery(project_ids=() if project_id is None else (project_id,), terms=terms, sort=IssueSort.LAST_SEEN)


def check_health(context: ApiContext) -> Health:
    """Look at the store and the inbox, and say whether both work."""
    started_s = time.perf_counter()
    problems: list[str] = []
    for look in (context.store.check, context.inbox_depth, context.inbox_room):
        try:
            look()
        except NaosuError as error:
            problems.append(str(error))
    return Health(
        is_healthy=not problems,
        status_code=503 if problems else 200,
        response_time_s=round(time.perf_counter() - started_s, 6),
        problems=tuple(problems),
    )


def rates_of(entries: list[LedgerEntry], *, window: timedelta = RATE_WINDOW) -> Rates:
    """Return what the ledger's entries within the window make per minute."""
    minutes = window.total_seconds() / 60
    accepted = sum(entry.quantity for entry in entries if entry.outcome is Outcome.ACCEPTED)
    kept_out = (Outcome.FILTERED, Outcome.LIMITED, Outcome.INVALID)
    dropped = sum(entry.quantity for entry in entries if entry.outcome in kept_out)
    return Rates(accepted_per_minute=round(accepted / minutes, 2), dropped_per_minute=round(dropped / minutes, 2))


def server_status(context: ApiContext, *, served: bool = True) -> StatusView:
    """Describe the server now; what cannot be reached is among the problems.

    Args:
        context: What it is made of.
        served: A server asks. Otherwise the command line does, in its own process, and a server must be found.
    """
    now = context.clock.now()
    health = check_health(context)
    totals = context.store.totals()
    processes = tuple(context.processes())
    # A web process, not just any: the id of a server that was killed may be another program's by now.
    is_running = served or any(one.name == "web" and one.state == "running" for one in processes)
    return StatusView(
        version=context.version,
        now=now,
        is_healthy=health.is_healthy and is_running,
        is_running=is_running,
        problems=health.problems if is_running else (NOT_RUNNING, *health.problems),
        public_url=context.public_url,
        processes=processes,
        cpu_percent=round(sum(one.cpu_percent for one in processes), 1),
        memory_bytes=sum(one.rss_bytes for one in processes),
        inbox=inbox_depth_if_any(context),
        project_count=len(context.store.list_projects()),
        issue_count=totals.issue_count,
        digested=totals.event_count,
        stored=totals.stored_event_count,
        dead=totals.dead_count,
        rates=rates_of(context.store.ledger(since=now - RATE_WINDOW)),
    )


def inbox_depth_if_any(context: ApiContext) -> InboxDepth | None:
    """Return how much waits. None: the inbox cannot be reached."""
    try:
        return context.inbox_depth()
    except NaosuError:
        return None
