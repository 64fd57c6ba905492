"""Every error answer: RFC 9457 problem details with a stable code."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from naosu.api.schemas import schema_of
from naosu.domain.errors import NaosuError

PROBLEM_MEDIA_TYPE = "application/problem+json"
# Sentry's clients show an error's `detail` only when it comes as plain JSON.
SENTRY_PREFIX = "/api/0/"
SENTRY_MEDIA_TYPE = "application/json"
CODES_BY_STATUS = {
    400: "request.malformed",
    401: "auth.required",
    403: "auth.forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "request.too_large",
    409: "conflict",
    422: "input.invalid",
    429: "auth.too_many_attempts",
    503: "store.unavailable",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details.

    Attributes:
        type: Where the code is explained.
        code: Stable name: scripts branch on it.
        instance: Path of the request.
        mend: What can be done about it.
        errors: For invalid input, each field and what is wrong with it.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str = ""
    mend: str = ""
    errors: tuple[str, ...] = ()


class MalformedRequestError(NaosuError):
    """The request's bytes are not what their type says (broken JSON, broken UTF-8). Not retryable."""

    code = "request.malformed"
    status = 400


class BodyTooLargeError(NaosuError):
    """The request's body is over the limit. Not retryable."""

    code = "request.too_large"
    status = 413


def problem_response(
    *,
    status: int,
    code: str,
    detail: str,
    instance: str = "",
    mend: str = "",
    errors: Sequence[str] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """Make the answer for an error."""
    problem = Problem(
        type=f"urn:naosu:error:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        instance=instance,
        mend=mend,
        errors=tuple(errors),
    )
    media_type = SENTRY_MEDIA_TYPE if instance.startswith(SENTRY_PREFIX) else PROBLEM_MEDIA_TYPE
    return Response(msgspec.json.encode(problem), status, headers, media_type)


def error_headers(error: NaosuError) -> dict[str, str]:
    """Say what else HTTP wants to know of this error: how to sign in, when to come back."""
    if error.status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="naosu"'}
    retry_after_s = getattr(error, "retry_after_s", 5 if error.retryable else 0)
    return {"Retry-After": str(retry_after_s)} if retry_after_s else {}


def answer_naosu_error(request: Request, error: Exception) -> Response:
    """Answer any NaosuError by its own status and code."""
    if not isinstance(error, NaosuError):
        raise error
    return problem_response(
        status=error.status,
        code=error.code,
        detail=str(error),
        instance=request.url.path,
        mend=error.mend,
        headers=error_headers(error),
    )


def answer_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: unknown paths, wrong methods."""
    if not isinstance(error, HTTPException):
        raise error
    code = CODES_BY_STATUS.get(error.status_code, "http")
    headers = dict(error.headers) if error.headers else None
    return problem_response(
        status=error.status_code, code=code, detail=str(error.detail), instance=request.url.path, headers=headers
    )


def describe_invalid(entry: dict[str, Any]) -> str:
    """``query.limit: Input should be less than or equal to 100``."""
    place = ".".join(str(part) for part in entry.get("loc", ()))
    return f"{place}: {entry.get('msg', 'invalid')}"


def answer_invalid_parameters(request: Request, error: Exception) -> Response:
    """Answer path, query and header parameters that cannot be used."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [describe_invalid(entry) for entry in error.errors()]
    return problem_response(
        status=422, code="input.invalid", detail="; ".join(errors), instance=request.url.path, errors=errors
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of this application as problem details."""
    app.add_exception_handler(NaosuError, answer_naosu_error)
    app.add_exception_handler(HTTPException, answer_http_exception)
    app.add_exception_handler(RequestValidationError, answer_invalid_parameters)


def problem_answers(*statuses: int, media_type: str = PROBLEM_MEDIA_TYPE) -> dict[int | str, dict[str, Any]]:
    """Document these error answers for OpenAPI."""
    return {status: _documented(status, media_type) for status in statuses}


def _documented(status: int, media_type: str) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    code = CODES_BY_STATUS[status]
    example = {
        "type": f"urn:naosu:error:{code}",
        "title": phrase,
        "status": status,
        "detail": "What is wrong, in a sentence.",
        "code": code,
    }
    return {"description": phrase, "content": {media_type: {"schema": schema_of(Problem), "example": example}}}
