"""Ingest health: everything that was sent is accounted for; silence is never mistaken for health."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from fastapi import Response

from naosu.domain.account import Role
from naosu.domain.dead_letter import DeadLetter
from naosu.domain.errors import NotFoundError
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.project import Project
from naosu.web.charts import Series, bar_chart
from naosu.web.home.screen import amounts_of, depth_of
from naosu.web.ingest_health.reasons import ReasonText, reason_text
from naosu.web.shell import Screen, Visit, redirect, whole_number

MINUTE = timedelta(minutes=1)
WINDOWS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24)}
DEAD_MAX = 50
PICK_MAX = 1_000
_DROPS = (Outcome.FILTERED, Outcome.LIMITED, Outcome.INVALID, Outcome.SAMPLED, Outcome.DEAD)


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """What met one fate for one reason, in the window."""

    outcome: Outcome
    reason: str
    quantity: int
    by_category: tuple[tuple[str, int], ...]
    text: ReasonText


class ProjectLine(msgspec.Struct, frozen=True, kw_only=True):
    """One project's sums in the window. `project` None: no project could be told."""

    project: Project | None
    by_outcome: dict[str, tuple[tuple[str, int], ...]]


def losses_of(entries: Iterable[LedgerEntry], outcomes: Sequence[Outcome]) -> list[Loss]:
    """Return what met these fates, by outcome and reason, the most first."""
    sums: dict[tuple[Outcome, str], Counter[str]] = {}
    for entry in entries:
        if entry.outcome in outcomes:
            sums.setdefault((entry.outcome, entry.reason), Counter())[entry.category.value] += entry.quantity
    losses = [
        Loss(
            outcome=outcome,
            reason=reason,
            quantity=counts.total(),
            by_category=tuple(counts.most_common()),
            text=reason_text(reason),
        )
        for (outcome, reason), counts in sums.items()
    ]
    return sorted(losses, key=lambda loss: (-loss.quantity, loss.outcome, loss.reason))


def project_lines(entries: Iterable[LedgerEntry], projects: Sequence[Project]) -> list[ProjectLine]:
    """Return each project's sums; what belongs to no project comes last, and only if there is any."""
    sums: dict[int, list[LedgerEntry]] = {project.id: [] for project in projects}
    for entry in entries:
        sums.setdefault(entry.project_id, []).append(entry)
    by_id = {project.id: project for project in projects}
    order = sorted(sums, key=lambda number: (number not in by_id, number))
    return [ProjectLine(project=by_id.get(number), by_outcome=amounts_by_outcome(sums[number])) for number in order]


def minute_series(
    entries: Iterable[LedgerEntry], outcomes: Sequence[Outcome], *, now: datetime, span: timedelta
) -> Series:
    """Return quantities in 60 equal steps up to now."""
    step = span / 60
    start = now.replace(second=0, microsecond=0) + MINUTE - span
    counts = [0] * 60
    for entry in entries:
        place = int((entry.minute - start) / step)
        if entry.outcome in outcomes and 0 <= place < len(counts):
            counts[place] += entry.quantity
    return Series(start=start, step=step, counts=tuple(counts))


def show(visit: Visit) -> Response:
    """Show what came in, what did not, why, and what waits."""
    store, now = visit.context.store, visit.times.now
    window = visit.parameter("window") if visit.parameter("window") in WINDOWS else "1h"
    projects = store.list_projects()
    chosen = next((p for p in projects if p.slug == visit.parameter("project")), None)
    entries = store.ledger(since=now - WINDOWS[window], project_id=chosen.id if chosen else None)
    errors = [entry for entry in entries if entry.category is DataCategory.ERROR]
    accepted = minute_series(errors, (Outcome.ACCEPTED, Outcome.SAMPLED), now=now, span=WINDOWS[window])
    lost = minute_series(entries, (Outcome.LIMITED, Outcome.INVALID, Outcome.DEAD), now=now, span=WINDOWS[window])
    return visit.page(
        "ingest_health/ingest_health.html",
        section="ingest",
        window=window,
        windows=tuple(WINDOWS),
        projects=projects,
        chosen=chosen,
        inbox=depth_of(visit.context),
        sums=amounts_by_outcome(entries) | {"refused": amounts_of(entries, (Outcome.LIMITED, Outcome.INVALID))},
        losses=losses_of(entries, _DROPS),
        client_losses=losses_of(entries, (Outcome.LOST_BY_CLIENT,)),
        lines=project_lines(entries, projects),
        accepted=accepted,
        lost=lost,
        accepted_chart=bar_chart(accepted, label=visit.text("Error events accepted over time")),
        lost_chart=bar_chart(lost, label=visit.text("Refused, invalid or dead over time, of every kind")),
        totals=store.totals(chosen.id if chosen else None),
        dead=_dead_page(visit),
        dead_max=DEAD_MAX,
        project_names={project.id: project.name for project in projects},
    )


def amounts_by_outcome(entries: Sequence[LedgerEntry]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return how much met each fate, by kind of data: different kinds are never added up."""
    return {outcome.value: amounts_of(entries, (outcome,)) for outcome in Outcome}


def _dead_page(visit: Visit) -> list[DeadLetter]:
    before = visit.parameter("before")
    return visit.context.store.list_dead_letters(limit=DEAD_MAX, before_id=whole_number(before) if before else None)


def change_dead(visit: Visit) -> Response:
    """Put the picked dead letters back into the inbox, or remove them for good."""
    ids = [whole_number(text) for text in visit.field_list("dead")[:PICK_MAX]]
    if not ids:
        return redirect("/ingest#dead", flash="nothing_picked")
    if visit.field("action") == "redrive":
        return _redrive(visit, ids)
    if visit.field("action") == "remove":
        visit.context.store.remove_dead_letters(ids)
        return redirect("/ingest#dead", flash="dead_removed")
    raise NotFoundError("There is no such action.")


def _redrive(visit: Visit, ids: Sequence[int]) -> Response:
    """Write into the inbox first, then forget: a crash in between doubles a report, which its event id undoes."""
    for dead_letter_id in ids:
        letter = visit.context.store.get_dead_letter(dead_letter_id)
        visit.context.redrive(letter.report)
        visit.context.store.remove_dead_letters([dead_letter_id])
    return redirect("/ingest#dead", flash="redriven")


SCREENS = (
    Screen(path="/ingest", handler=show),
    Screen(method="POST", path="/ingest/dead", handler=change_dead, role=Role.OPERATOR),
)
