"""Repairs: what Naosu did and whether it worked, one attempt from evidence to rollback, and what waits for a person."""

import msgspec
from fastapi import Response

from naosu.api.v1.repair_views import view_attempt, view_detail
from naosu.domain.account import Role
from naosu.domain.attempt import BEFORE_IT_RUNS, Attempt, Mode
from naosu.domain.errors import NotFoundError
from naosu.domain.issue import Issue
from naosu.pipeline.approvals import approve, missing_approvals, reject
from naosu.ports.store.repairs import AttemptQuery
from naosu.web.shell import Screen, Visit, redirect

ATTEMPTS_MAX = 100


class DiffLine(msgspec.Struct, frozen=True):
    """One line of a diff. `kind` is ``add``, ``remove``, ``place`` or empty."""

    text: str
    kind: str


def show_list(visit: Visit) -> Response:
    """Show what waits, then everything else, newest first."""
    store = visit.context.store
    attempts = store.list_attempts(AttemptQuery(), limit=ATTEMPTS_MAX)
    waiting = [one for one in attempts if _waits(visit, one)]
    return visit.page(
        "repairs/attempts.html",
        section="repairs",
        waiting=waiting,
        others=[one for one in attempts if one not in waiting],
        issues={one.issue_id: _issue(visit, one) for one in attempts},
        records=store.list_action_records(),
        stop=store.get_repair_stop(),
    )


def show_one(visit: Visit) -> Response:
    """Show one attempt: evidence, plan, checks, verdict, rollback, and every step."""
    attempt = visit.context.store.get_attempt(visit.path_id("attempt_id"))
    store = visit.context.store
    detail = view_detail(
        view_attempt(attempt, approvals_missing=missing_approvals(store, attempt, now=visit.times.now)),
        attempt,
        store.list_approvals(attempt.id),
        store.audit_of(f"attempt:{attempt.id}"),
    )
    return visit.page(
        "repairs/attempt.html",
        section="repairs",
        attempt=attempt,
        detail=detail,
        diff=[DiffLine(line, _kind_of(line)) for line in detail.diff.splitlines()],
        issue=_issue(visit, attempt),
        waits=_waits(visit, attempt),
    )


def answer_one(visit: Visit) -> Response:
    """Keep what a person says to the plan that they saw."""
    _check_word(visit.path("answer"), "approve", "reject")
    attempt_id = visit.path_id("attempt_id")
    say = approve if visit.path("answer") == "approve" else reject
    by = visit.identity.name if visit.identity else ""
    say(
        visit.context.store,
        attempt_id,
        by=by,
        plan_key=visit.field("plan_key"),
        comment=visit.field("comment"),
        now=visit.times.now,
    )
    return redirect(f"/repairs/{attempt_id}", flash="approved" if say is approve else "rejected")


def switch(visit: Visit) -> Response:
    """Stop all repairing, or let it go on."""
    _check_word(visit.path("way"), "stop", "go")
    by = visit.identity.name if visit.identity else ""
    if visit.path("way") == "stop":
        visit.context.store.stop_repair(by=by, reason=visit.field("reason"), now=visit.times.now)
        return redirect("/repairs", flash="repair_stopped")
    visit.context.store.resume_repair(by=by, now=visit.times.now)
    return redirect("/repairs", flash="repair_goes_on")


def _check_word(word: str, *known: str) -> None:
    if word not in known:
        raise NotFoundError("There is no such page.")


def _waits(visit: Visit, attempt: Attempt) -> bool:
    if attempt.state not in BEFORE_IT_RUNS or attempt.mode.reach < Mode.APPROVE.reach:
        return False
    return missing_approvals(visit.context.store, attempt, now=visit.times.now) > 0


def _issue(visit: Visit, attempt: Attempt) -> Issue | None:
    if attempt.issue_id is None:
        return None
    try:
        return visit.context.store.get_issue(attempt.issue_id)
    except NotFoundError:
        return None


def _kind_of(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "place"
    return {"+": "add", "-": "remove"}.get(line[:1], "")


SCREENS = (
    Screen(path="/repairs", handler=show_list),
    Screen(path="/repairs/{attempt_id}", handler=show_one),
    Screen(method="POST", path="/repairs/all/{way}", handler=switch, role=Role.OPERATOR),
    Screen(method="POST", path="/repairs/{attempt_id}/{answer}", handler=answer_one, role=Role.OPERATOR),
)
