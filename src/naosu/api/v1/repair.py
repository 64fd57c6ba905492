"""What Naosu did about faults, what it would do, and what people say to that."""

from typing import Annotated

import msgspec
from fastapi import Depends, Query, Request, Response
from msgspec import Meta

from naosu.api.answers import documented_answer, empty_answer, json_answer
from naosu.api.auth import Operator, Viewer
from naosu.api.body import documented_body, json_body
from naosu.api.context import ApiContext, context_of
from naosu.api.lookups import find_issue, find_project, project_id_of
from naosu.api.parameters import ID_MAX, Id, IssueFilter, Limit, ProjectFilter
from naosu.api.problems import problem_answers
from naosu.api.router import documented_router
from naosu.api.v1 import repair_views as views
from naosu.domain.action_record import ActionRecord
from naosu.domain.attempt import BEFORE_IT_RUNS, Attempt, AttemptState, Mode
from naosu.domain.audit import AuditHead
from naosu.pipeline.approvals import approve, missing_approvals, reject, try_again, verify_audit
from naosu.ports.store.repairs import AttemptQuery

router = documented_router("/api/v1/repair", "repair")

_Before = Annotated[int | None, Query(ge=1, le=ID_MAX, description="Only attempts before this one.")]
_After = Annotated[int, Query(ge=0, le=ID_MAX, description="Only entries after this one.")]
_Noted = Annotated[
    str | None,
    Query(max_length=100, pattern=r"^[0-9]{1,9}:[0-9a-f]{64}$", description="A head that was noted: NUMBER:HASH."),
]
_Comment = Annotated[str, Meta(max_length=2_000)]


class Approve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A yes to one plan: `plan_key` says which one was seen."""

    plan_key: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    comment: _Comment = ""


class Reject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A no."""

    comment: _Comment = ""


class Stop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """End all repairing; `reason` is shown wherever something would have run."""

    reason: _Comment = ""


class Forgive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lift the demotion of one means of repair."""

    means: Annotated[str, Meta(min_length=1, max_length=200)]
    project: str | None = None
    environment: str = ""


@router.get(
    "/attempts",
    summary="List attempts at repair",
    responses=documented_answer(
        views.AttemptPage, "Newest first.", {"attempts": [views.ATTEMPT_EXAMPLE], "next_before_id": None}
    ),
)
def list_attempts(
    request: Request,
    _: Viewer,
    *,
    project: ProjectFilter = None,
    issue: IssueFilter = None,
    state: Annotated[AttemptState | None, Query(description="Only attempts in this state.")] = None,
    before_id: _Before = None,
    limit: Limit = 50,
) -> Response:
    """Return what Naosu did, does and would do, also what it only observed."""
    context = context_of(request)
    query = AttemptQuery(
        project_id=project_id_of(context.store, project),
        issue_id=find_issue(context.store, issue).id if issue is not None else None,
        states=(state,) if state is not None else (),
        before_id=before_id,
    )
    return json_answer(_page(context, context.store.list_attempts(query, limit=limit + 1), limit=limit))


@router.get(
    "/approvals",
    summary="List attempts that wait for approval",
    responses=documented_answer(
        views.AttemptPage, "Newest first.", {"attempts": [views.ATTEMPT_EXAMPLE], "next_before_id": None}
    ),
)
def list_waiting(request: Request, _: Viewer, before_id: _Before = None, limit: Limit = 50) -> Response:
    """Return what needs a person, of all projects."""
    context = context_of(request)
    waiting: list[Attempt] = []
    while len(waiting) <= limit:
        query = AttemptQuery(states=BEFORE_IT_RUNS, before_id=before_id)
        found = context.store.list_attempts(query)
        waiting += [one for one in found if _waits(context, one)]
        if not found:
            break
        before_id = found[-1].id
    return json_answer(_page(context, waiting, limit=limit))


@router.get(
    "/attempts/{attempt_id}",
    summary="Show an attempt",
    responses=documented_answer(views.AttemptDetail, "With its plan and every step.", views.DETAIL_EXAMPLE),
)
def get_attempt(request: Request, _: Viewer, attempt_id: Id) -> Response:
    """Return evidence, plan, checks, approvals and steps of one attempt."""
    return _detail(context_of(request), attempt_id)


@router.post(
    "/attempts/{attempt_id}/approve",
    summary="Approve a plan",
    responses={
        **documented_answer(views.AttemptDetail, "Approved, or one person fewer is missing.", views.DETAIL_EXAMPLE),
        **problem_answers(409),
    },
    openapi_extra=documented_body(Approve, {"plan_key": "8c1f" * 16, "comment": "looks right"}),
)
def post_approval(
    request: Request, who: Operator, attempt_id: Id, wanted: Annotated[Approve, Depends(json_body(Approve))]
) -> Response:
    """Say yes to exactly the plan that was seen; it holds for 15 minutes, and for no other state of the target."""
    context = context_of(request)
    approve(
        context.store,
        attempt_id,
        by=who.name,
        plan_key=wanted.plan_key,
        comment=wanted.comment,
        now=context.clock.now(),
    )
    return _detail(context, attempt_id)


@router.post(
    "/attempts/{attempt_id}/reject",
    summary="Reject a plan",
    responses={**documented_answer(views.AttemptDetail, "Withdrawn.", views.DETAIL_EXAMPLE), **problem_answers(409)},
    openapi_extra=documented_body(Reject, {"comment": "we migrate tonight"}, required=False),
)
def post_rejection(
    request: Request,
    who: Operator,
    attempt_id: Id,
    wanted: Annotated[Reject, Depends(json_body(Reject, default=b"{}"))],
) -> Response:
    """Say no: the attempt never runs."""
    context = context_of(request)
    reject(context.store, attempt_id, by=who.name, comment=wanted.comment, now=context.clock.now())
    return _detail(context, attempt_id)


@router.post(
    "/attempts/{attempt_id}/retry",
    summary="Let Naosu try again",
    status_code=204,
    response_class=Response,
)
def post_retry(request: Request, who: Operator, attempt_id: Id) -> Response:
    """Let Naosu try again at the fault of this attempt, which it gave up after several repairs that did not help."""
    context = context_of(request)
    try_again(context.store, attempt_id, by=who.name, now=context.clock.now())
    return empty_answer()


@router.get(
    "/stop",
    summary="Is all repairing stopped",
    responses=documented_answer(views.StopView, "As of now.", views.STOP_EXAMPLE),
)
def get_stop(request: Request, _: Viewer) -> Response:
    """Return whether repairing is stopped, by whom and why."""
    return json_answer(views.view_stop(context_of(request).store.get_repair_stop()))


@router.post(
    "/stop",
    summary="Stop all repairing",
    responses=documented_answer(views.StopView, "Stopped.", views.STOP_EXAMPLE),
    openapi_extra=documented_body(Stop, {"reason": "release"}, required=False),
)
def post_stop(
    request: Request, who: Operator, wanted: Annotated[Stop, Depends(json_body(Stop, default=b"{}"))]
) -> Response:
    """Stop everywhere at once: nothing begins any more. What has begun is measured, and rolled back if need be."""
    context = context_of(request)
    stop = context.store.stop_repair(by=who.name, reason=wanted.reason, now=context.clock.now())
    return json_answer(views.view_stop(stop))


@router.delete("/stop", summary="Allow repairing again", status_code=204, response_class=Response)
def delete_stop(request: Request, who: Operator) -> Response:
    """Allow repairing again, as far as modes and permits do."""
    context = context_of(request)
    context.store.resume_repair(by=who.name, now=context.clock.now())
    return empty_answer()


@router.get(
    "/actions",
    summary="List the records of means of repair",
    responses=documented_answer(list[ActionRecord], "By means.", [views.RECORD_EXAMPLE]),
)
def list_actions(request: Request, _: Viewer) -> Response:
    """Return what became of each means of repair in this installation: it is promoted and demoted by that."""
    return json_answer(context_of(request).store.list_action_records())


@router.post(
    "/actions/forgive",
    summary="Lift a demotion",
    responses=documented_answer(ActionRecord, "Forgiven.", views.RECORD_EXAMPLE),
    openapi_extra=documented_body(
        Forgive, {"means": "apply_fix/missing_index", "project": "shop", "environment": "production"}
    ),
)
def post_forgiveness(
    request: Request, who: Operator, wanted: Annotated[Forgive, Depends(json_body(Forgive))]
) -> Response:
    """Let a means of repair that was demoted by a rollback act by itself again, where its mode is *auto*."""
    context = context_of(request)
    project_id = find_project(context.store, wanted.project).id if wanted.project is not None else 0
    record = context.store.forgive_action(
        wanted.means, project_id=project_id, environment=wanted.environment, by=who.name, now=context.clock.now()
    )
    return json_answer(record)


@router.get(
    "/audit",
    summary="Read the audit chain",
    responses=documented_answer(
        views.AuditPage, "In order.", {"entries": [views.ENTRY_EXAMPLE], "head": f"41:{'02de' * 16}"}
    ),
)
def list_audit(request: Request, _: Viewer, after: _After = 0, limit: Limit = 100) -> Response:
    """Return entries in order, and what the chain ends in."""
    store = context_of(request).store
    entries = tuple(map(views.view_entry, store.list_audit(after=after, limit=limit)))
    return json_answer(views.AuditPage(entries=entries, head=str(store.audit_head())))


@router.get(
    "/audit/verify",
    summary="Verify the audit chain",
    responses=documented_answer(views.AuditCheck, "Whole or not.", views.CHECK_EXAMPLE),
)
def verify(request: Request, _: Viewer, noted: _Noted = None) -> Response:
    """Follow the whole chain, through a head that was noted earlier if one is given."""
    number, _colon, seal = (noted or "").partition(":")
    through = AuditHead(number=int(number), hash=seal) if noted else None
    return json_answer(views.view_audit_check(*verify_audit(context_of(request).store, noted=through)))


def _page(context: ApiContext, attempts: list[Attempt], *, limit: int) -> views.AttemptPage:
    shown = attempts[:limit]
    return views.AttemptPage(
        attempts=tuple(_view(context, one) for one in shown),
        next_before_id=shown[-1].id if len(attempts) > limit else None,
    )


def _waits(context: ApiContext, attempt: Attempt) -> bool:
    return attempt.mode.reach >= Mode.APPROVE.reach and _missing(context, attempt) > 0


def _missing(context: ApiContext, attempt: Attempt) -> int:
    if attempt.state not in BEFORE_IT_RUNS:
        return 0
    return missing_approvals(context.store, attempt, now=context.clock.now())


def _view(context: ApiContext, attempt: Attempt) -> views.AttemptView:
    return views.view_attempt(attempt, approvals_missing=_missing(context, attempt))


def _detail(context: ApiContext, attempt_id: int) -> Response:
    store = context.store
    attempt = store.get_attempt(attempt_id)
    said, steps = store.list_approvals(attempt_id), store.audit_of(f"attempt:{attempt_id}")
    return json_answer(views.view_detail(_view(context, attempt), attempt, said, steps))
