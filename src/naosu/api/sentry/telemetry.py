"""Monitors and logs, as far as `sentry-cli monitors list` and `logs list` read them."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response

from naosu.api.answers import documented_answer, json_answer
from naosu.api.auth import Viewer
from naosu.api.context import context_of
from naosu.api.router import documented_router
from naosu.api.sentry.paging import sentry_links
from naosu.api.sentry.parameters import Organization, PerPage, SentryCursor
from naosu.api.sentry.project_lookup import project_ids_named
from naosu.domain.telemetry import CheckIn, LogRecord

router = documented_router("/api/0", "sentry")

CHECK_INS_LOOKED_AT = 1_000


def show_monitors(check_ins: Sequence[CheckIn]) -> list[dict[str, Any]]:
    """Return the monitors that these check-ins (newest first) name, each with its latest status."""
    latest: dict[tuple[int, str], CheckIn] = {}
    for check_in in check_ins:
        latest.setdefault((check_in.project_id, check_in.monitor_slug), check_in)
    return [
        {
            "id": f"{project_id}-{slug}",
            "slug": slug,
            "name": slug,
            "status": "active",
            "lastCheckIn": check_in.received_at,
            "lastCheckInStatus": check_in.status,
        }
        for (project_id, slug), check_in in sorted(latest.items())
    ]


def show_log(record: LogRecord, number: int) -> dict[str, Any]:
    """Show a log record by the names of Sentry's `logs` data set."""
    return {
        "sentry.item_id": f"{int(record.logged_at.timestamp() * 1_000_000):016x}{number:04x}",
        "trace": record.trace_id or None,
        "severity": record.level,
        "timestamp": record.logged_at,
        "message": record.body,
    }


@router.get(
    "/organizations/{organization}/monitors/",
    summary="Monitors",
    responses=documented_answer({"type": "array", "items": {"type": "object"}}, "Those that checked in lately."),
)
def list_monitors(request: Request, _: Viewer, organization: Organization, cursor: SentryCursor = None) -> Response:
    """Return the monitors that the latest check-ins name."""
    found = context_of(request).store.list_check_ins(limit=CHECK_INS_LOOKED_AT)
    return json_answer(show_monitors(found), headers=sentry_links(request, None))


@router.get(
    "/organizations/{organization}/events/",
    summary="Log records",
    responses=documented_answer({"type": "object"}, "Rows under `data`, newest first.", {"data": []}),
)
def list_logs(
    request: Request,
    _: Viewer,
    organization: Organization,
    *,
    dataset: Annotated[Literal["logs", "ourlogs"], Query(description="Only logs can be queried this way.")] = "logs",
    project: Annotated[list[str], Query(max_length=100)] = [],  # noqa: B006 - FastAPI copies defaults
    per_page: PerPage = 100,
) -> Response:
    """Return structured log records, newest first."""
    store = context_of(request).store
    wanted = project_ids_named(store, project)
    project_id = next(iter(wanted)) if len(wanted) == 1 else None
    records = [
        record
        for record in store.list_logs(project_id=project_id, limit=per_page)
        if not wanted or record.project_id in wanted
    ]
    rows = [show_log(record, number) for number, record in enumerate(records)]
    return json_answer({"data": rows, "meta": {"dataset": dataset}}, headers=sentry_links(request, None))
