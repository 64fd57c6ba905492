"""One's own password and language; for admins, all accounts and API tokens."""

from fastapi import Response

from naosu.api.auth import (
    IdentityKind,
    SignInFailedError,
    TooManyAttemptsError,
    WeakPasswordError,
    change_password,
    checked_email,
    hash_password,
)
from naosu.api.auth.passwords import PASSWORD_LENGTH_MIN
from naosu.api.auth.secrets import new_token, sha256_of
from naosu.domain.account import Role
from naosu.domain.errors import ConflictError, InvalidInputError, NotFoundError
from naosu.web.shell import Screen, Visit, redirect

NAME_LENGTH_MAX = 100


def show(visit: Visit) -> Response:
    """Show what one may change."""
    return _page(visit)


def _page(visit: Visit, *, error: str = "", new_secret: str = "", status: int = 200) -> Response:
    store, is_admin = visit.context.store, visit.may("admin")
    return visit.page(
        "account/account.html",
        status=status,
        section="account",
        error=error,
        new_secret=new_secret,
        accounts=store.list_accounts() if is_admin else [],
        tokens=[token for token in store.list_tokens() if not token.revoked] if is_admin else [],
        roles=tuple(Role),
        is_person=visit.identity is not None and visit.identity.kind is IdentityKind.SESSION,
        password_length_min=PASSWORD_LENGTH_MIN,
    )


def do_change_password(visit: Visit) -> Response:
    """Set a new password and sign other browsers out."""
    if visit.identity is None or visit.identity.account_id is None:
        raise NotFoundError("Only a signed-in person has a password.")
    account = visit.context.store.get_account(visit.identity.account_id)
    answer = redirect("/account", flash="password_changed")
    current, new = str(visit.form.get("current", "")), str(visit.form.get("new", ""))
    try:
        change_password(visit.request, answer, account, current=current, new=new)
    except (SignInFailedError, TooManyAttemptsError, WeakPasswordError) as error:
        return _page(visit, error=error.code, status=error.status)
    return answer


def create_account(visit: Visit) -> Response:
    """Make an account with a first password, which its owner is to change."""
    try:
        visit.context.store.create_account(
            email=checked_email(visit.field("email")),
            password_hash=hash_password(str(visit.form.get("password", ""))),
            role=_role_of(visit),
            now=visit.times.now,
        )
    except ConflictError:
        return _page(visit, error="account.taken", status=409)
    except WeakPasswordError as error:
        return _page(visit, error=error.code, status=error.status)
    except InvalidInputError as error:
        return _page(visit, error="account.email", status=error.status)
    return redirect("/account#accounts", flash="account_created")


def change_account(visit: Visit) -> Response:
    """Change another account's role, or switch it off; nobody can lock themselves out."""
    account_id = visit.path_id("account_id")
    if visit.identity is not None and account_id == visit.identity.account_id:
        return _page(visit, error="account.self", status=409)
    disabled = visit.field("disabled") == "yes"
    visit.context.store.update_account(account_id, role=_role_of(visit), disabled=disabled)
    if disabled:
        visit.context.store.delete_sessions_of(account_id)
    return redirect("/account#accounts", flash="account_saved")


def _role_of(visit: Visit) -> Role:
    name = visit.field("role")
    if name not in set(Role):
        raise InvalidInputError("There is no such role.")
    return Role(name)


def create_token(visit: Visit) -> Response:
    """Make an API token and show its secret, this once."""
    name = visit.field("name")[:NAME_LENGTH_MAX]
    if not name:
        return _page(visit, error="token.name", status=422)
    secret = new_token()
    try:
        visit.context.store.create_token(
            name=name, role=_role_of(visit), token_sha256=sha256_of(secret), now=visit.times.now
        )
    except ConflictError:
        return _page(visit, error="token.taken", status=409)
    return _page(visit, new_secret=secret)


def revoke_token(visit: Visit) -> Response:
    """It opens nothing any more."""
    visit.context.store.revoke_token(visit.path_id("token_id"))
    return redirect("/account#tokens", flash="token_revoked")


SCREENS = (
    Screen(path="/account", handler=show),
    Screen(method="POST", path="/account/password", handler=do_change_password),
    Screen(method="POST", path="/account/accounts", handler=create_account, role=Role.ADMIN),
    Screen(method="POST", path="/account/accounts/{account_id}", handler=change_account, role=Role.ADMIN),
    Screen(method="POST", path="/account/tokens", handler=create_token, role=Role.ADMIN),
    Screen(method="POST", path="/account/tokens/{token_id}/revoke", handler=revoke_token, role=Role.ADMIN),
)
