"""Who makes a request, and whether they may."""

import hmac
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from fastapi import Depends, Request

from naosu.api.auth.errors import CsrfError, ForbiddenError, UnauthenticatedError
from naosu.api.auth.secrets import TOKEN_PREFIX, sha256_of
from naosu.api.context import ApiContext, context_of
from naosu.domain.account import Account, Role, Session
from naosu.domain.errors import NotFoundError

SESSION_COOKIE = "naosu_session"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class IdentityKind(StrEnum):
    """By what a caller is known."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the kind's name, no secret
    LOCAL = "local"  # the command line, on its own data directory


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A known caller.

    Attributes:
        name: E-mail address, token name, or ``local``.
        account_id: Of a signed-in person. None: a script.
        csrf_token: Of the session; forms and htmx send it back. Empty: none is needed.
        language: As the person chose. Empty: what the browser asks for.
    """

    kind: IdentityKind
    name: str
    role: Role
    account_id: int | None = None
    csrf_token: str = ""
    language: str = ""


LOCAL_ADMIN = Identity(kind=IdentityKind.LOCAL, name="local", role=Role.ADMIN)


def bearer_of(request: Request) -> str:
    """Return the token of an `Authorization: Bearer` header; empty when there is none."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def identify_token(context: ApiContext, token: str) -> Identity | None:
    """Return whose API token this is. None: nobody's, or revoked."""
    if not token.startswith(TOKEN_PREFIX):
        return None
    found = context.store.find_token(sha256_of(token))
    if found is None:
        return None
    now = context.clock.now()
    if found.last_used_at is None or (now - found.last_used_at).total_seconds() >= 60:  # noqa: PLR2004 - "to the minute"
        context.store.touch_token(found.id, now=now)
    return Identity(kind=IdentityKind.TOKEN, name=found.name, role=found.role)


def identify_session(context: ApiContext, session_id: str) -> Identity | None:
    """Return who is signed in under this session id. None: nobody, or no more."""
    session = context.store.find_session(sha256_of(session_id), now=context.clock.now())
    account = _account_of(context, session) if session else None
    if session is None or account is None or account.disabled:
        return None
    return Identity(
        kind=IdentityKind.SESSION,
        name=account.email,
        role=account.role,
        account_id=account.id,
        csrf_token=session.csrf_token,
        language=account.language,
    )


def _account_of(context: ApiContext, session: Session) -> Account | None:
    try:
        return context.store.get_account(session.account_id)
    except NotFoundError:
        return None


def authenticate(request: Request) -> Identity | None:
    """Say who makes this request. A bearer token wins over a cookie; a wrong one is not saved by a right cookie."""
    context = context_of(request)
    if token := bearer_of(request):
        return identify_token(context, token)
    if session_id := request.cookies.get(SESSION_COOKIE):
        identity = identify_session(context, session_id)
        if identity is not None:
            return identity
    local: bool = getattr(request.app.state, "local_admin", False)
    return LOCAL_ADMIN if local else None


def csrf_token(request: Request) -> str:
    """Return the token that this browser's forms must send; empty when nobody is signed in."""
    identity = authenticate(request)
    return identity.csrf_token if identity else ""


async def submitted_csrf_token(request: Request) -> str:
    """Return the CSRF token that came with a request, by header or form field."""
    if request.method in SAFE_METHODS:
        return ""
    if token := request.headers.get(CSRF_HEADER):
        return token
    if request.headers.get("Content-Type", "").startswith(FORM_TYPES):
        # Read whole before it is parsed: the handler may want the same bytes.
        await request.body()
        form = await request.form()
        value = form.get(CSRF_FIELD)
        return value if isinstance(value, str) else ""
    return ""


def check_csrf(identity: Identity, *, method: str, submitted: str) -> None:
    """Refuse an unsafe request by cookie without the token of its session. Raises CsrfError."""
    if identity.kind is not IdentityKind.SESSION or method in SAFE_METHODS:
        return
    if not hmac.compare_digest(identity.csrf_token.encode(), submitted.encode("utf-8", "surrogatepass")):
        raise CsrfError("The request lacks the CSRF token of its session.", mend="Reload the page and try again.")


def check_same_site(request: Request) -> None:
    """Refuse what another site's page makes a browser send: for sign-in, where no session has a token yet.

    Raises:
        CsrfError: The browser says that the request comes from elsewhere.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise CsrfError("The request comes from another site.")
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.headers.get("Host", ""):
        raise CsrfError("The request comes from another site.")


def require(role: Role) -> Callable[..., Identity]:
    """Return a dependency that lets only this role (or a higher one) through, and gives the caller's identity.

    Raises, when called by the framework:
        CsrfError: A browser's unsafe request without its session's token.
        ForbiddenError: Known, but the role does not cover it.
        UnauthenticatedError: Not known.
    """

    def check(request: Request, submitted: Annotated[str, Depends(submitted_csrf_token)]) -> Identity:
        identity = authenticate(request)
        if identity is None:
            raise UnauthenticatedError(
                "Sign in, or send an API token.", mend=f"Make one: naosu token create NAME --role {role}"
            )
        check_csrf(identity, method=request.method, submitted=submitted)
        if not identity.role.covers(role):
            raise ForbiddenError(
                f"This needs the role {role}; {identity.name} is {identity.role}.",
                mend=f"Make a token that may: naosu token create NAME --role {role}",
            )
        return identity

    return check


Viewer = Annotated[Identity, Depends(require(Role.VIEWER))]
Operator = Annotated[Identity, Depends(require(Role.OPERATOR))]
Admin = Annotated[Identity, Depends(require(Role.ADMIN))]
