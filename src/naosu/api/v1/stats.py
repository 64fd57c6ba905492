"""What became of everything that was sent."""

from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import Query, Request, Response

from naosu.api.answers import documented_answer, empty_answer, json_answer
from naosu.api.auth import Operator, Viewer
from naosu.api.context import context_of
from naosu.api.lookups import project_id_of
from naosu.api.parameters import ID_MAX, Id, Limit, Period, ProjectFilter
from naosu.api.router import documented_router
from naosu.api.v1.views import DeadLetterView, view_dead_letter
from naosu.domain.outcome import DataCategory, LedgerEntry
from naosu.domain.period import parse_period
from naosu.ports.store.operations import Totals

router = documented_router("/api/v1", "operations")

EVENT_CATEGORIES = frozenset({DataCategory.ERROR, DataCategory.DEFAULT, DataCategory.SECURITY})
LEDGER_PERIOD_MAX = timedelta(days=400)
STATS_EXAMPLE = {
    "accepted": 12040,
    "digested": 12000,
    "pending": 39,
    "dropped": {"rate_limit": 120, "duplicate": 3},
    "dead": 1,
    "sampled": 800,
    "stored": 11200,
    "issues": 61,
    "lost_by_client": {"queue_overflow": 12},
    "accepted_by_category": {"error": 11200, "transaction": 300},
}


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """Counts since the beginning: sent = digested + pending + the sum of dropped + dead.

    Attributes:
        accepted: Acknowledged with 200: digested + pending + dead.
        digested: Events that are visible, be it as a number on their issue (`sampled`).
        pending: Reports that wait in the inbox, of all projects.
        dropped: By reason, what was sent and is neither stored nor counted on an issue.
        dead: Dead letters that wait.
        sampled: Events counted on their issue, bodies not kept: part of `digested`.
        stored: Events whose bodies are kept now.
        lost_by_client: By reason, what SDKs say they never sent.
        accepted_by_category: What was stored, by Sentry's data categories.
    """

    accepted: int
    digested: int
    pending: int
    dropped: dict[str, int]
    dead: int
    sampled: int
    stored: int
    issues: int
    lost_by_client: dict[str, int]
    accepted_by_category: dict[str, int]


def stats_of(totals: Totals, *, pending: int) -> Stats:
    """Make the answer; what was sampled is digested, so it is not counted as dropped a second time."""
    dropped = {
        reason: left
        for reason, quantity in totals.dropped.items()
        if (left := quantity - totals.sampled.get(reason, 0)) > 0
    }
    return Stats(
        accepted=totals.event_count + pending + totals.dead_count,
        digested=totals.event_count,
        pending=pending,
        dropped=dropped,
        dead=totals.dead_count,
        sampled=sum(totals.sampled.values()),
        stored=totals.stored_event_count,
        issues=totals.issue_count,
        lost_by_client=totals.lost_by_client,
        accepted_by_category=totals.accepted,
    )


@router.get(
    "/stats", summary="Counts since the beginning", responses=documented_answer(Stats, "Counts.", STATS_EXAMPLE)
)
def get_stats(request: Request, _: Viewer, project: ProjectFilter = None) -> Response:
    """Return what was accepted, digested, dropped (by reason) and is pending or dead."""
    context = context_of(request)
    # The inbox first: what is digested between the two looks is then seen twice rather than not at all.
    pending = context.inbox_depth().report_count
    totals = context.store.totals(project_id_of(context.store, project))
    return json_answer(stats_of(totals, pending=pending))


@router.get(
    "/ledger",
    summary="The outcome ledger",
    responses=documented_answer(
        list[LedgerEntry],
        "Entries, oldest first.",
        [
            {
                "project_id": 1,
                "minute": "2026-11-22T00:10:00Z",
                "category": "error",
                "outcome": "accepted",
                "reason": "",
                "quantity": 241,
            }
        ],
    ),
)
def get_ledger(request: Request, _: Viewer, project: ProjectFilter = None, period: Period = "1h") -> Response:
    """Return every outcome by project, minute (older than two days: hour), category and reason."""
    context = context_of(request)
    since = context.clock.now() - min(parse_period(period), LEDGER_PERIOD_MAX)
    return json_answer(context.store.ledger(since=since, project_id=project_id_of(context.store, project)))


@router.get(
    "/dead-letters", summary="List dead letters", responses=documented_answer(list[DeadLetterView], "Newest first.")
)
def list_dead_letters(
    request: Request,
    _: Viewer,
    limit: Limit = 100,
    before_id: Annotated[int | None, Query(ge=1, le=ID_MAX, description="Only older ones.")] = None,
) -> Response:
    """Return reports that could not be digested, and why; without their unscrubbed bodies."""
    letters = context_of(request).store.list_dead_letters(limit=limit, before_id=before_id)
    return json_answer([view_dead_letter(letter) for letter in letters])


@router.get(
    "/dead-letters/{letter_id}", summary="Get a dead letter", responses=documented_answer(DeadLetterView, "One.")
)
def get_dead_letter(request: Request, _: Viewer, letter_id: Id) -> Response:
    """Return one dead letter."""
    return json_answer(view_dead_letter(context_of(request).store.get_dead_letter(letter_id)))


@router.post(
    "/dead-letters/{letter_id}/redrive", summary="Try a dead letter again", status_code=204, response_class=Response
)
def redrive_dead_letter(request: Request, _: Operator, letter_id: Id) -> Response:
    """Put its report back into the inbox; it comes back here if it still cannot be digested."""
    context = context_of(request)
    letter = context.store.get_dead_letter(letter_id)
    # First into the inbox, then out of the dead letters: a crash between the two repeats it, and loses nothing.
    context.redrive(letter.report)
    context.store.remove_dead_letters([letter.id])
    return empty_answer()


@router.delete("/dead-letters/{letter_id}", summary="Give a dead letter up", status_code=204, response_class=Response)
def delete_dead_letter(request: Request, _: Operator, letter_id: Id) -> Response:
    """Forget a dead letter for good."""
    store = context_of(request).store
    store.remove_dead_letters([store.get_dead_letter(letter_id).id])
    return empty_answer()
