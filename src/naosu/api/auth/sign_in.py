"""Signing in and out, and the link with which the first admin is made."""

from datetime import datetime, timedelta

import msgspec
from fastapi import Request, Response

from naosu.api.auth.attempts import AttemptLimiter
from naosu.api.auth.errors import LinkInvalidError, SignInFailedError
from naosu.api.auth.identity import SESSION_COOKIE, check_same_site
from naosu.api.auth.passwords import hash_password, password_fits
from naosu.api.auth.secrets import new_secret, sha256_of
from naosu.api.context import ApiContext, context_of
from naosu.domain.account import Account, Session
from naosu.domain.errors import ConflictError, InvalidInputError
from naosu.ports.store import Store

FIRST_RUN_VALUE = "first_run_link"
EMAIL_LENGTH_MAX = 254


class FirstRun(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of the one-time link."""

    token_sha256: str
    expires_at: datetime


def check_credentials(context: ApiContext, limiter: AttemptLimiter, *, email: str, password: str, peer: str) -> Account:
    """Return the account that these open.

    Raises:
        SignInFailedError: They open none.
        TooManyAttemptsError: Too many failures for this address or peer.
    """
    now_s = context.clock.now().timestamp()
    subjects = (f"email:{email.strip().lower()}", f"peer:{peer}")
    for subject in subjects:
        limiter.check(subject, now_s=now_s)
    account = context.store.find_account(email.strip())
    fits = password_fits(account.password_hash if account else None, password)
    if account is None or account.disabled or not fits:
        for subject in subjects:
            limiter.failed(subject, now_s=now_s)
        raise SignInFailedError("Address and password do not fit.")
    limiter.succeeded(subjects[0])
    return account


def open_session(context: ApiContext, account: Account) -> tuple[str, Session]:
    """Keep a new session, and return its id with it; the id itself is nowhere stored."""
    session_id = new_secret()
    now = context.clock.now()
    session = Session(
        session_sha256=sha256_of(session_id),
        account_id=account.id,
        csrf_token=new_secret(),
        created_at=now,
        expires_at=now + timedelta(seconds=context.settings.session_ttl_s),
    )
    context.store.create_session(session)
    return session_id, session


def is_https(request: Request) -> bool:
    """Say whether the browser reaches us by https, as far as can be told."""
    return request.url.scheme == "https" or context_of(request).public_url.startswith("https:")


def set_session_cookie(request: Request, response: Response, session_id: str) -> None:
    """Hand the session to the browser: not readable by scripts, not sent along by other sites' forms."""
    response.set_cookie(
        SESSION_COOKIE,
        session_id,
        max_age=context_of(request).settings.session_ttl_s,
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def peer_of(request: Request) -> str:
    """Return the peer's address; behind a proxy it is the proxy's unless the server was told to trust it."""
    return request.client.host if request.client else ""


def sign_in(request: Request, response: Response, *, email: str, password: str) -> Session:
    """Check the credentials, open a session, and set its cookie on the response.

    Raises:
        CsrfError: The request comes from another site.
        SignInFailedError: Not let in; not said why.
        TooManyAttemptsError: Later, perhaps.
    """
    check_same_site(request)
    context = context_of(request)
    limiter: AttemptLimiter = request.app.state.attempts
    account = check_credentials(context, limiter, email=email, password=password, peer=peer_of(request))
    return _start(request, response, account)


def _start(request: Request, response: Response, account: Account) -> Session:
    session_id, session = open_session(context_of(request), account)
    set_session_cookie(request, response, session_id)
    return session


def sign_out(request: Request, response: Response) -> None:
    """End the browser's session, if it has one."""
    if session_id := request.cookies.get(SESSION_COOKIE):
        context_of(request).store.delete_session(sha256_of(session_id))
    response.delete_cookie(SESSION_COOKIE, path="/", secure=is_https(request), httponly=True, samesite="lax")


def checked_email(email: str) -> str:
    """Return the address, trimmed. Raises InvalidInputError for what cannot be one."""
    email = email.strip()
    name, _, host = email.partition("@")
    if not name or not host or len(email) > EMAIL_LENGTH_MAX or any(c.isspace() or not c.isprintable() for c in email):
        raise InvalidInputError("That is not an e-mail address.")
    return email


def change_password(request: Request, response: Response, account: Account, *, current: str, new: str) -> Account:
    """Set a new password, sign out everywhere, and sign this browser in again.

    Raises:
        SignInFailedError: The current password is not right.
        TooManyAttemptsError: It was wrong too often.
        WeakPasswordError: The new one is too short or too long.
    """
    context = context_of(request)
    limiter: AttemptLimiter = request.app.state.attempts
    check_credentials(context, limiter, email=account.email, password=current, peer=peer_of(request))
    changed = context.store.update_account(account.id, password_hash=hash_password(new))
    context.store.delete_sessions_of(account.id)
    _start(request, response, changed)
    return changed


def first_run_link(store: Store, *, now: datetime, public_url: str, ttl_s: int = 7 * 86_400) -> str | None:
    """Make the one-time link that creates the first admin, replacing an earlier one. None: there is an account."""
    if store.list_accounts():
        return None
    token = new_secret()
    link = FirstRun(token_sha256=sha256_of(token), expires_at=now + timedelta(seconds=ttl_s))
    store.set_value(FIRST_RUN_VALUE, msgspec.json.encode(link).decode())
    return f"{public_url.rstrip('/')}/first-run?token={token}"


def check_first_run_token(context: ApiContext, token: str) -> str:
    """Refuse a link that does not open the first run, and return what is stored of one that does.

    Raises:
        LinkInvalidError: It was used, replaced, or has expired.
    """
    stored = context.store.get_value(FIRST_RUN_VALUE)
    link = msgspec.json.decode(stored, type=FirstRun) if stored else None
    fits = link is not None and link.token_sha256 == sha256_of(token) and context.clock.now() < link.expires_at
    if stored is None or not fits or context.store.list_accounts():
        raise _link_invalid()
    return stored


def _link_invalid() -> LinkInvalidError:
    return LinkInvalidError(
        "This link was used or has expired.",
        mend="Restart the server for a new one, or ask an admin for an account.",
    )


def first_run(
    request: Request, response: Response, *, token: str, email: str, password: str, language: str = ""
) -> Session:
    """Create the first admin through the one-time link, and sign them in.

    Raises:
        InvalidInputError: Not an e-mail address, or a weak password; the link still works.
        LinkInvalidError: The link does not work (any more).
    """
    check_same_site(request)
    context = context_of(request)
    stored = check_first_run_token(context, token)
    try:
        account = context.store.create_first_account(
            email=checked_email(email),
            password_hash=hash_password(password),
            language=language,
            link=(FIRST_RUN_VALUE, stored),
            now=context.clock.now(),
        )
    except ConflictError as error:  # while the password was hashed, someone else used the link
        raise _link_invalid() from error
    return _start(request, response, account)
