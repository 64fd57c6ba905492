"""Errors at a glance, the server's status, the report files, and the reset."""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from naosu.api.answers import documented_answer, empty_answer, json_answer
from naosu.api.auth import Admin, Viewer
from naosu.api.body import documented_body, json_body
from naosu.api.context import context_of
from naosu.api.lookups import find_project, project_id_of
from naosu.api.overview import StatusView, Summary, errors_query, server_status, summarize
from naosu.api.parameters import Limit, ProjectFilter
from naosu.api.router import documented_router
from naosu.api.v1.report_files import ReportDetails, ReportMetrics, report_details, report_metrics
from naosu.api.v1.views import ISSUE_EXAMPLE, IssueView, view_issue
from naosu.domain.classification import Category, Severity
from naosu.domain.errors import InvalidInputError
from naosu.domain.issue import IssueStatus

Documented = dict[int | str, dict[str, Any]]
Choice = TypeVar("Choice", bound=Enum)
Word = Annotated[str | None, Query(max_length=20, pattern=r"^[A-Za-z]+$")]


ERRORS_EXAMPLE = {"errors": [ISSUE_EXAMPLE], "total": 1}


class ErrorList(msgspec.Struct, frozen=True, kw_only=True):
    """The latest errors; `total` counts all that match, up to 10,000."""

    errors: tuple[IssueView, ...]
    total: int


class Reset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Forget issues, events and counts, of one project or all. `confirm` must be the word ``reset``."""

    confirm: Literal["reset"]
    project: str | None = None


def choice_of(kind: type[Choice], text: str | None) -> Choice | None:
    """Return a member by its name in any case. Raises InvalidInputError with the names that are known."""
    if text is None:
        return None
    for member in kind:
        if str(member.value).lower() == text.lower():
            return member
    known = ", ".join(str(member.value) for member in kind)
    raise InvalidInputError(f"No such {kind.__name__.lower()}: {text}. Known are {known}.")


def list_errors(
    request: Request,
    _: Viewer,
    *,
    severity: Word = None,
    category: Word = None,
    status: Word = None,
    project: ProjectFilter = None,
    limit: Limit = 10,
) -> Response:
    """Return the latest issues of a severity or category, in any case."""
    context = context_of(request)
    query = errors_query(
        severity=choice_of(Severity, severity),
        category=choice_of(Category, category),
        status=choice_of(IssueStatus, status),
        project_id=project_id_of(context.store, project),
    )
    page = context.store.find_issues(query, now=context.clock.now(), limit=limit)
    issues = tuple(view_issue(issue, context.public_url) for issue in page.issues)
    return json_answer(ErrorList(errors=issues, total=page.total))


def get_summary(request: Request, _: Viewer, project: ProjectFilter = None) -> Response:
    """Return events and issues counted by category, severity and status."""
    context = context_of(request)
    project_id = project_id_of(context.store, project)
    return json_answer(summarize(context.store, project_id=project_id))


def get_status(request: Request, _: Viewer) -> Response:
    """Return version, health, processes, inbox, store totals and rates."""
    return json_answer(server_status(context_of(request), served=not request.app.state.local_admin))


def get_metrics(request: Request, _: Viewer, project: ProjectFilter = None) -> Response:
    """Return the content of `api_error_metrics.json`."""
    context = context_of(request)
    return json_answer(report_metrics(context, project_id=project_id_of(context.store, project)))


def get_details(request: Request, _: Viewer, project: ProjectFilter = None) -> Response:
    """Return the content of `api_error_report.json`."""
    context = context_of(request)
    return json_answer(report_details(context, project_id=project_id_of(context.store, project)))


FOUNDING = "/monitoring/error-monitor"


def report_router() -> APIRouter:
    """Return the routes under /api/v1, and under the names that the founding document gives them."""
    router = documented_router("/api/v1", "reports")
    add_route(
        router, ("/errors", f"{FOUNDING}/errors"), list_errors, "List errors", as_of_now(ErrorList, ERRORS_EXAMPLE)
    )
    add_route(
        router, ("/summary", f"{FOUNDING}/summary"), get_summary, "Errors by category and severity", as_of_now(Summary)
    )
    add_route(router, ("/status", f"{FOUNDING}/status"), get_status, "The server at a glance", as_of_now(StatusView))
    add_route(
        router, ("/report/metrics", f"{FOUNDING}/metrics"), get_metrics, "Real-time metrics", as_of_now(ReportMetrics)
    )
    add_route(
        router, ("/report/details", f"{FOUNDING}/report"), get_details, "The detailed report", as_of_now(ReportDetails)
    )
    router.add_api_route(
        "/reset",
        post_reset,
        methods=["POST"],
        summary="Forget all errors",
        status_code=204,
        response_class=Response,
        openapi_extra=documented_body(Reset, {"confirm": "reset"}),
    )
    return router


def as_of_now(shape: type, example: object = None) -> Documented:
    """Document an answer that is true at the moment it is given."""
    return documented_answer(shape, "As of now.", example)


def add_route(
    router: APIRouter, paths: tuple[str, ...], handler: Callable[..., Response], summary: str, answer: Documented
) -> None:
    """Serve one handler under several paths."""
    for path in paths:
        router.add_api_route(path, handler, summary=summary, responses=answer)


def post_reset(request: Request, _: Admin, wanted: Annotated[Reset, Depends(json_body(Reset))]) -> Response:
    """Forget issues, events and counts; projects, keys, accounts and settings stay."""
    store = context_of(request).store
    store.reset_errors(find_project(store, wanted.project).id if wanted.project is not None else None)
    return empty_answer()


router = report_router()
