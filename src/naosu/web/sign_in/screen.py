"""Sign in, sign out, choose a language."""

from fastapi import Response

from naosu.api.auth import SignInFailedError, TooManyAttemptsError, sign_in, sign_out
from naosu.web.flash import FLASH_COOKIE
from naosu.web.i18n import LANGUAGES
from naosu.web.shell import LANGUAGE_COOKIE, Screen, Visit, local_path, redirect

YEAR_S = 31_536_000


def show_sign_in(visit: Visit) -> Response:
    """Show the form, or go on when someone is signed in already."""
    target = local_path(visit.parameter("next") or "/")
    if visit.identity is not None:
        return redirect(target)
    return _form(visit, target=target)


def _form(visit: Visit, *, target: str, email: str = "", error: str = "", status: int = 200) -> Response:
    return visit.page(
        "sign_in/sign_in.html",
        status=status,
        section="",
        target=target,
        email=email,
        error=error,
        has_accounts=bool(visit.context.store.list_accounts()),
    )


def do_sign_in(visit: Visit) -> Response:
    """Let the browser in, or show the form again with the reason."""
    target = local_path(visit.field("next") or "/")
    email, password = visit.field("email"), str(visit.form.get("password", ""))
    answer = redirect(target)
    try:
        sign_in(visit.request, answer, email=email, password=password)
    except SignInFailedError:
        return _form(visit, target=target, email=email, error="failed", status=401)
    except TooManyAttemptsError as error:
        refused = _form(visit, target=target, email=email, error="too_many", status=429)
        refused.headers["Retry-After"] = str(error.retry_after_s)
        return refused
    return answer


def do_sign_out(visit: Visit) -> Response:
    """End the session."""
    answer = redirect("/sign-in")
    sign_out(visit.request, answer)
    answer.set_cookie(FLASH_COOKIE, "signed_out", max_age=60, path="/", httponly=True, samesite="lax")
    return answer


def choose_language(visit: Visit) -> Response:
    """Keep the language in a cookie, and with the account of whoever is signed in."""
    language = visit.field("language")
    answer = redirect(visit.field("next") or "/")
    if language not in LANGUAGES:
        return answer
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, path="/", httponly=True, samesite="lax")
    if visit.identity is not None and visit.identity.account_id is not None:
        visit.context.store.update_account(visit.identity.account_id, language=language)
    return answer


SCREENS = (
    Screen(path="/sign-in", handler=show_sign_in, role=None),
    Screen(method="POST", path="/sign-in", handler=do_sign_in, role=None),
    Screen(method="POST", path="/sign-out", handler=do_sign_out, role=None),
    Screen(method="POST", path="/language", handler=choose_language, role=None),
)
