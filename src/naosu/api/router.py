"""Routers whose every route documents the answers that any route can give."""

from collections.abc import Sequence
from enum import Enum

from fastapi import APIRouter, Depends

from naosu.api.known_parameters import refuse_unknown_parameters
from naosu.api.problems import PROBLEM_MEDIA_TYPE, SENTRY_MEDIA_TYPE, SENTRY_PREFIX, problem_answers

ANY_ROUTE_STATUSES = (400, 401, 403, 404, 413, 422, 503)


def documented_router(prefix: str, tag: str, *, statuses: Sequence[int] = ANY_ROUTE_STATUSES) -> APIRouter:
    """Return a router under `prefix`; its routes answer with `Response`s that they make themselves."""
    tags: list[str | Enum] = [tag]
    media_type = SENTRY_MEDIA_TYPE if f"{prefix}/".startswith(SENTRY_PREFIX) else PROBLEM_MEDIA_TYPE
    # Sentry's clients send parameters that mean nothing here; our own callers mistype those that do.
    dependencies = [Depends(refuse_unknown_parameters)] if prefix.startswith("/api/v1") else []
    responses = problem_answers(*statuses, media_type=media_type)
    return APIRouter(prefix=prefix, tags=tags, responses=responses, dependencies=dependencies)
