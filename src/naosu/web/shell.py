"""What every screen shares: who visits, in which language, behind which guard, and how a page is answered."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
from babel import Locale
from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from naosu.api.auth import CSRF_FIELD, Identity, UnauthenticatedError, authenticate, check_csrf, check_same_site
from naosu.api.auth.errors import ForbiddenError
from naosu.api.context import ApiContext, context_of
from naosu.domain.account import Role
from naosu.domain.errors import InvalidInputError, NaosuError
from naosu.web.assets import Asset
from naosu.web.flash import FLASH_COOKIE, flash_of
from naosu.web.i18n import LOCALES, choose_language, translations
from naosu.web.live import ChangeFeed
from naosu.web.times import Times, zone_named

LANGUAGE_COOKIE = "naosu_language"
ZONE_COOKIE = "naosu_zone"
FORM_FIELDS_MAX = 1_000
FORM_PART_BYTES_MAX = 1_048_576
PARAMETER_CHARACTERS_MAX = 2_000
LARGEST_ID = 2**63 - 1

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PAGE_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store"}


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """What the screens of one application have in common.

    Attributes:
        environments: One template environment per language.
    """

    environments: dict[str, Environment]
    assets: dict[str, Asset]
    feed: ChangeFeed


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one screen, by someone known, or to an open one.

    Attributes:
        form: Of a POST; empty otherwise.
    """

    request: Request
    shell: Shell
    context: ApiContext
    identity: Identity | None
    language: str
    times: Times
    form: FormData

    @property
    def url(self) -> str:
        """Path and query, as links within the page need it."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    @property
    def csrf_token(self) -> str:
        """What this visit's forms must send back."""
        return self.identity.csrf_token if self.identity else ""

    def may(self, role: str) -> bool:
        """Say whether the visitor's role covers this one."""
        return self.identity is not None and self.identity.role.covers(Role(role))

    def text(self, message: str, **values: object) -> str:
        """Return the message in the visitor's language, with values filled in."""
        translated = translations(self.language).gettext(message)
        return translated % values if values else translated

    def parameter(self, name: str) -> str:
        """Return a query parameter, trimmed; empty when absent."""
        return self.request.query_params.get(name, "").strip()[:PARAMETER_CHARACTERS_MAX]

    def field(self, name: str) -> str:
        """Return a form field, trimmed; empty when absent."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def field_list(self, name: str) -> list[str]:
        """Return all values of a repeated form field."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def path(self, name: str) -> str:
        """Return a part of the path."""
        value: str = self.request.path_params[name]
        return value

    def path_id(self, name: str) -> int:
        """Return a number that is part of the path (the route admits only digits)."""
        return whole_number(self.path(name))

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Render a template in the visitor's language."""
        body = (
            self.shell.environments[self.language]
            .get_template(template)
            .render(visit=self, times=self.times, flash=flash_of(self.request), **values)
        )
        answer = HTMLResponse(body, status, PAGE_HEADERS)
        if FLASH_COOKIE in self.request.cookies and "HX-Request" not in self.request.headers:
            answer.delete_cookie(FLASH_COOKIE, path="/")
        return answer


def whole_number(text: str) -> int:
    """Return a non-negative number that a store can hold. Raises InvalidInputError."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(LARGEST_ID)) or int(text) > LARGEST_ID:
        raise InvalidInputError("That is not a number that can be used here.")
    return int(text)


def redirect(target: str, *, flash: str = "") -> Response:
    """Send the browser on after a form. `flash` names a message of `naosu.web.flash`."""
    answer = RedirectResponse(local_path(target), 303, PAGE_HEADERS)
    if flash:
        answer.set_cookie(FLASH_COOKIE, flash, max_age=60, path="/", httponly=True, samesite="lax")
    return answer


def local_path(target: str) -> str:
    """Return the target if it is a path on this server, else the first screen: no redirect leads elsewhere."""
    plain = target.isprintable() and "\\" not in target
    return target if plain and target.startswith("/") and not target.startswith("//") else "/"


Handler = Callable[[Visit], Response]


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """One route of one screen.

    Attributes:
        role: Who may; None: everyone, signed in or not.
    """

    method: str = "GET"
    path: str
    handler: Handler
    role: Role | None = Role.VIEWER


async def serve(screen: Screen, shell: Shell, request: Request) -> Response:
    """Let the right visitor in, and answer; errors become pages that say what can be done."""
    form = await _form_of(request)
    visit = await run_in_threadpool(make_visit, shell, request, form)
    try:
        if screen.method != "GET":
            _check_sender(visit)
        _check_role(screen, visit)
        return await run_in_threadpool(screen.handler, visit)
    except UnauthenticatedError:
        return _to_sign_in(visit)
    except NaosuError as error:
        return error_page(visit, error)


async def _form_of(request: Request) -> FormData:
    if request.method != "POST":
        return FormData()
    return await request.form(max_files=0, max_fields=FORM_FIELDS_MAX, max_part_size=FORM_PART_BYTES_MAX)


def make_visit(shell: Shell, request: Request, form: FormData) -> Visit:
    """Find out who visits, and how they want to see things."""
    context = context_of(request)
    identity = authenticate(request)
    language = choose_language(
        identity.language if identity else "",
        request.cookies.get(LANGUAGE_COOKIE, ""),
        accept_language=request.headers.get("Accept-Language", ""),
    )
    zone = zone_named(request.cookies.get(ZONE_COOKIE, "").replace("%2F", "/")[:64])
    times = Times(locale=Locale.parse(LOCALES[language]), zone=zone, now=context.clock.now())
    return Visit(
        request=request, shell=shell, context=context, identity=identity, language=language, times=times, form=form
    )


def _check_sender(visit: Visit) -> None:
    check_same_site(visit.request)
    if visit.identity is not None:
        check_csrf(visit.identity, method=visit.request.method, submitted=visit.field(CSRF_FIELD))


def _check_role(screen: Screen, visit: Visit) -> None:
    if screen.role is None:
        return
    if visit.identity is None:
        raise UnauthenticatedError("Sign in first.")
    if not visit.identity.role.covers(screen.role):
        raise ForbiddenError(f"This needs the role {screen.role}.")


def _to_sign_in(visit: Visit) -> Response:
    target = visit.url if visit.request.method == "GET" else "/"
    answer = redirect("/sign-in" if target == "/" else "/sign-in?" + urlencode({"next": target}))
    # htmx follows a redirect within the part it refreshes; this makes the whole page go there.
    if "HX-Request" in visit.request.headers:
        return Response(status_code=401, headers={**PAGE_HEADERS, "HX-Redirect": answer.headers["location"]})
    return answer


def error_page(visit: Visit, error: NaosuError) -> Response:
    """Answer an error as a page with its stable code."""
    return visit.page("layout/error.html", status=error.status, error=error, section="")
