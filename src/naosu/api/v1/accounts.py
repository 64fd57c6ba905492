"""Accounts, sign-in and the first run."""

from typing import Annotated, Literal

import msgspec
from fastapi import Depends, Request, Response
from msgspec import Meta

from naosu.api.answers import documented_answer, empty_answer, json_answer
from naosu.api.auth import (
    Admin,
    ForbiddenError,
    Identity,
    IdentityKind,
    Viewer,
    change_password,
    checked_email,
    first_run,
    hash_password,
    sign_in,
    sign_out,
)
from naosu.api.auth.passwords import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN
from naosu.api.body import documented_body, json_body
from naosu.api.context import context_of
from naosu.api.parameters import Id
from naosu.api.problems import problem_answers
from naosu.api.router import documented_router
from naosu.api.v1.views import AccountView, view_account
from naosu.domain.account import Account, Role
from naosu.domain.errors import ConflictError
from naosu.ports.store import Store

router = documented_router("/api/v1", "accounts")

Language = Literal["", "en", "ja", "fr"]
Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^\S+@\S+$")]
NewPassword = Annotated[str, Meta(min_length=PASSWORD_LENGTH_MIN, max_length=PASSWORD_LENGTH_MAX)]
GivenPassword = Annotated[str, Meta(max_length=PASSWORD_LENGTH_MAX)]

ACCOUNT_EXAMPLE = {
    "id": 1,
    "email": "aiko@example.org",
    "role": "admin",
    "language": "ja",
    "disabled": False,
    "created_at": "2026-11-20T08:00:00Z",
}


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account to make."""

    email: Email
    password: NewPassword
    role: Role = Role.VIEWER
    language: Language = ""


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an admin changes of an account; absent fields stay. A new password signs it out everywhere."""

    role: Role | None = None
    disabled: bool | None = None
    password: NewPassword | None = None
    language: Language | None = None


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Credentials."""

    email: Annotated[str, Meta(max_length=254)]
    password: GivenPassword


class FirstRunForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the one-time link's page sends: the first admin."""

    token: Annotated[str, Meta(max_length=200)]
    email: Email
    password: NewPassword
    language: Language = ""


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new password, and the present one as proof."""

    current: GivenPassword
    new: NewPassword


class OwnChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people change of their own account."""

    language: Language


class IdentityView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking."""

    kind: IdentityKind
    name: str
    role: Role
    language: str


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session just opened; its id is in the cookie."""

    csrf_token: str


IDENTITY_EXAMPLE = {"kind": "token", "name": "deploy", "role": "operator", "language": ""}
SESSION_ANSWER = {
    **documented_answer(SessionView, "Signed in; send the token as X-CSRF-Token.", {"csrf_token": "kX9…"}),
    **problem_answers(409, 429),
}


def own_account(store: Store, identity: Identity) -> Account:
    """Return the account of who asks. Raises ForbiddenError for scripts, which have none."""
    if identity.account_id is None:
        raise ForbiddenError(f"{identity.name} is no person's account.")
    return store.get_account(identity.account_id)


def check_admin_remains(store: Store, account_id: int, change: AccountChange) -> None:
    """Refuse what would leave nobody who can let people in. Raises ConflictError."""
    loses_admin = change.disabled or (change.role is not None and change.role is not Role.ADMIN)
    others = [
        one for one in store.list_accounts() if one.id != account_id and one.role is Role.ADMIN and not one.disabled
    ]
    if loses_admin and not others and store.get_account(account_id).role is Role.ADMIN:
        raise ConflictError("This is the last admin.", mend="Make another account an admin first.")


@router.get("/me", summary="Who am I", responses=documented_answer(IdentityView, "The caller.", IDENTITY_EXAMPLE))
def get_me(identity: Viewer) -> Response:
    """Return who is asking, by token or session."""
    view = IdentityView(kind=identity.kind, name=identity.name, role=identity.role, language=identity.language)
    return json_answer(view)


@router.patch(
    "/me",
    summary="Choose my language",
    responses=documented_answer(AccountView, "As it is now.", ACCOUNT_EXAMPLE),
    openapi_extra=documented_body(OwnChange, {"language": "fr"}),
)
def patch_me(
    request: Request, identity: Viewer, change: Annotated[OwnChange, Depends(json_body(OwnChange))]
) -> Response:
    """Change the signed-in person's language: en, ja, fr, or empty for what the browser asks for."""
    store = context_of(request).store
    account = own_account(store, identity)
    return json_answer(view_account(store.update_account(account.id, language=change.language)))


@router.put(
    "/me/password",
    summary="Change my password",
    status_code=204,
    response_class=Response,
    responses=problem_answers(429),
    openapi_extra=documented_body(PasswordChange, {"current": "the old one", "new": "a new long one"}),
)
def put_password(
    request: Request, identity: Viewer, change: Annotated[PasswordChange, Depends(json_body(PasswordChange))]
) -> Response:
    """Set a new password: signs out everywhere else."""
    response = empty_answer()
    account = own_account(context_of(request).store, identity)
    change_password(request, response, account, current=change.current, new=change.new)
    return response


@router.post(
    "/sign-in",
    summary="Sign in",
    responses=SESSION_ANSWER,
    openapi_extra=documented_body(SignIn, {"email": "aiko@example.org", "password": "…"}),
)
def post_sign_in(request: Request, form: Annotated[SignIn, Depends(json_body(SignIn))]) -> Response:
    """Open a session and set its cookie."""
    carrier = Response()
    session = sign_in(request, carrier, email=form.email, password=form.password)
    return json_answer(
        SessionView(csrf_token=session.csrf_token), headers={"Set-Cookie": carrier.headers["set-cookie"]}
    )


@router.post("/sign-out", summary="Sign out", status_code=204, response_class=Response)
def post_sign_out(request: Request) -> Response:
    """End the session."""
    response = empty_answer()
    sign_out(request, response)
    return response


@router.post(
    "/first-run",
    summary="Create the first admin",
    responses=SESSION_ANSWER,
    openapi_extra=documented_body(
        FirstRunForm, {"token": "from the printed link", "email": "aiko@example.org", "password": "a long password"}
    ),
)
def post_first_run(request: Request, form: Annotated[FirstRunForm, Depends(json_body(FirstRunForm))]) -> Response:
    """Create the first admin through the one-time link, and sign in."""
    carrier = Response()
    session = first_run(
        request, carrier, token=form.token, email=form.email, password=form.password, language=form.language
    )
    return json_answer(
        SessionView(csrf_token=session.csrf_token), headers={"Set-Cookie": carrier.headers["set-cookie"]}
    )


@router.get(
    "/accounts",
    summary="List accounts",
    responses=documented_answer(list[AccountView], "By address.", [ACCOUNT_EXAMPLE]),
)
def list_accounts(request: Request, _: Admin) -> Response:
    """Return all accounts."""
    return json_answer([view_account(account) for account in context_of(request).store.list_accounts()])


@router.post(
    "/accounts",
    summary="Create an account",
    status_code=201,
    responses={**documented_answer(AccountView, "Made.", ACCOUNT_EXAMPLE, status=201), **problem_answers(409)},
    openapi_extra=documented_body(
        NewAccount, {"email": "aiko@example.org", "password": "a long password", "role": "operator"}
    ),
)
def post_account(request: Request, _: Admin, wanted: Annotated[NewAccount, Depends(json_body(NewAccount))]) -> Response:
    """Make an account with a first password, which its owner should change."""
    context = context_of(request)
    account = context.store.create_account(
        email=checked_email(wanted.email),
        password_hash=hash_password(wanted.password),
        role=wanted.role,
        language=wanted.language,
        now=context.clock.now(),
    )
    return json_answer(view_account(account), status=201)


@router.patch(
    "/accounts/{account_id}",
    summary="Change or disable an account",
    responses={**documented_answer(AccountView, "As it is now.", ACCOUNT_EXAMPLE), **problem_answers(409)},
    openapi_extra=documented_body(AccountChange, {"disabled": True}),
)
def patch_account(
    request: Request,
    _: Admin,
    account_id: Id,
    change: Annotated[AccountChange, Depends(json_body(AccountChange))],
) -> Response:
    """Change role, language or password of an account, or disable it. The last admin stays one."""
    store = context_of(request).store
    check_admin_remains(store, account_id, change)
    changed = store.update_account(
        account_id,
        role=change.role,
        disabled=change.disabled,
        language=change.language,
        password_hash=hash_password(change.password) if change.password is not None else None,
    )
    if change.disabled or change.password is not None:
        store.delete_sessions_of(account_id)
    return json_answer(view_account(changed))
