"""Liveness and readiness."""

from fastapi import Request, Response

from naosu.api.answers import documented_answer, json_answer
from naosu.api.context import context_of
from naosu.api.overview import Health, check_health
from naosu.api.router import documented_router

router = documented_router("", "health", statuses=(400, 413))
READY_EXAMPLE = {"is_healthy": True, "status_code": 200, "response_time_s": 0.0008, "problems": []}


@router.get(
    "/healthz",
    summary="Is the process alive?",
    responses=documented_answer({"type": "object"}, "It is.", {"status": "ok"}),
)
async def get_healthz() -> Response:
    """Answer without touching store or inbox: whether the process serves requests, no more."""
    return json_answer({"status": "ok"})


@router.get(
    "/readyz",
    summary="Can the server work?",
    responses={
        **documented_answer(Health, "Store and inbox work.", READY_EXAMPLE),
        **documented_answer(Health, "They do not; `problems` says why.", status=503),
    },
)
def get_readyz(request: Request) -> Response:
    """Read and write the store, and look at the inbox."""
    health = check_health(context_of(request))
    return json_answer(health, status=health.status_code)
