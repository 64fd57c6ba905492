"""Accounts, sessions, tokens and roles: who may use the server.

For handlers of the API and of the HTML screens:

- ``authenticate(request) -> Identity | None`` says who makes a request; None: nobody known.
- ``require(role)`` is the dependency that lets only a role through and gives the `Identity`;
  ``Viewer``, ``Operator`` and ``Admin`` are ready-made annotations for parameters.
  It also checks CSRF on unsafe requests by cookie: header ``X-CSRF-Token`` or form field ``csrf_token``.
- ``csrf_token(request) -> str`` is what forms must send; ``Identity.csrf_token`` is the same without a look-up.
- ``sign_in(request, response, *, email, password) -> Session`` and ``sign_out(request, response)`` set and
  remove the cookie on a response that the caller made (a redirect, say).
- ``first_run(request, response, *, token, email, password, language="") -> Session`` creates the first admin.
- ``check_first_run_token(context, token)`` before its form is shown; raises LinkInvalidError.
- ``change_password(request, response, account, *, current, new)`` and ``checked_email(text)``.
- ``first_run_link(store, *, now, public_url) -> str | None``: for the wiring, to print.

An application whose handlers use these has ``app.state.context`` (ApiContext), ``app.state.attempts``
(AttemptLimiter) and ``app.state.local_admin`` (bool); a mounted sub-application needs its own: call
``naosu.api.app.share_state(parent, child)``. All raise NaosuError subclasses with code and status.
"""

from naosu.api.auth.attempts import AttemptLimiter
from naosu.api.auth.errors import (
    CsrfError,
    ForbiddenError,
    LinkInvalidError,
    SignInFailedError,
    TooManyAttemptsError,
    UnauthenticatedError,
)
from naosu.api.auth.identity import (
    CSRF_FIELD,
    CSRF_HEADER,
    SESSION_COOKIE,
    Admin,
    Identity,
    IdentityKind,
    Operator,
    Viewer,
    authenticate,
    check_csrf,
    check_same_site,
    csrf_token,
    require,
)
from naosu.api.auth.passwords import WeakPasswordError, hash_password
from naosu.api.auth.sign_in import (
    change_password,
    check_first_run_token,
    checked_email,
    first_run,
    first_run_link,
    sign_in,
    sign_out,
)

__all__ = [
    "CSRF_FIELD",
    "CSRF_HEADER",
    "SESSION_COOKIE",
    "Admin",
    "AttemptLimiter",
    "CsrfError",
    "ForbiddenError",
    "Identity",
    "IdentityKind",
    "LinkInvalidError",
    "Operator",
    "SignInFailedError",
    "TooManyAttemptsError",
    "UnauthenticatedError",
    "Viewer",
    "WeakPasswordError",
    "authenticate",
    "change_password",
    "check_csrf",
    "check_first_run_token",
    "check_same_site",
    "checked_email",
    "csrf_token",
    "first_run",
    "first_run_link",
    "hash_password",
    "require",
    "sign_in",
    "sign_out",
]
