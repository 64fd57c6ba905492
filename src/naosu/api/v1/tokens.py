"""API tokens for scripts."""

from typing import Annotated

import msgspec
from fastapi import Depends, Request, Response
from msgspec import Meta

from naosu.api.answers import documented_answer, empty_answer, json_answer
from naosu.api.auth import Admin
from naosu.api.auth.secrets import new_token, sha256_of
from naosu.api.body import documented_body, json_body
from naosu.api.context import context_of
from naosu.api.parameters import Id
from naosu.api.problems import problem_answers
from naosu.api.router import documented_router
from naosu.api.v1.views import NewTokenView, TokenView, view_token
from naosu.domain.account import Role

router = documented_router("/api/v1/tokens", "accounts")

TOKEN_EXAMPLE = {
    "id": 3,
    "name": "deploy",
    "role": "operator",
    "created_at": "2026-11-22T00:00:00Z",
    "last_used_at": None,
    "revoked": False,
}


class NewToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to make."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    role: Role = Role.VIEWER


@router.get("", summary="List API tokens", responses=documented_answer(list[TokenView], "Tokens.", [TOKEN_EXAMPLE]))
def list_tokens(request: Request, _: Admin) -> Response:
    """Return all tokens without their secrets, revoked ones included."""
    return json_answer([view_token(token) for token in context_of(request).store.list_tokens()])


@router.post(
    "",
    summary="Create an API token",
    status_code=201,
    responses={
        **documented_answer(
            NewTokenView, "Made; `token` is shown only now.", {**TOKEN_EXAMPLE, "token": "naosu_…"}, status=201
        ),
        **problem_answers(409),
    },
    openapi_extra=documented_body(NewToken, {"name": "deploy", "role": "operator"}),
)
def post_token(request: Request, _: Admin, wanted: Annotated[NewToken, Depends(json_body(NewToken))]) -> Response:
    """Make a token. Its secret is in this answer and nowhere else."""
    context = context_of(request)
    secret = new_token()
    token = context.store.create_token(
        name=wanted.name, role=wanted.role, token_sha256=sha256_of(secret), now=context.clock.now()
    )
    view = NewTokenView(**msgspec.structs.asdict(view_token(token)), token=secret)
    return json_answer(view, status=201)


@router.delete("/{token_id}", summary="Revoke an API token", status_code=204, response_class=Response)
def delete_token(request: Request, _: Admin, token_id: Id) -> Response:
    """Revoke a token: it opens nothing any more."""
    context_of(request).store.revoke_token(token_id)
    return empty_answer()
