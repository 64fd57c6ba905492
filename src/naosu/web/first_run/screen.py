"""The first account, made through the one-time link; and the test error that walks the whole loop."""

from fastapi import Response

from naosu.api.auth import LinkInvalidError, WeakPasswordError, check_first_run_token, first_run
from naosu.api.auth.passwords import PASSWORD_LENGTH_MIN
from naosu.domain.account import Role
from naosu.domain.errors import InvalidInputError, NotFoundError
from naosu.web.first_run.test_error import send_test_error
from naosu.web.first_run.walk import walk_of
from naosu.web.setup import setup_of
from naosu.web.shell import Screen, Visit, redirect


def show_first_run(visit: Visit) -> Response:
    """Show the form for the first account, if the link still opens it."""
    token = visit.parameter("token")
    try:
        check_first_run_token(visit.context, token)
    except LinkInvalidError as error:
        return _form(visit, token="", error=error.code, status=error.status)
    return _form(visit, token=token)


def _form(visit: Visit, *, token: str, email: str = "", error: str = "", status: int = 200) -> Response:
    return visit.page(
        "first_run/first_run.html",
        status=status,
        section="",
        token=token,
        email=email,
        error=error,
        password_length_min=PASSWORD_LENGTH_MIN,
    )


def do_first_run(visit: Visit) -> Response:
    """Make the first admin and sign them in, or show the form again with the reason."""
    token, email = visit.field("token"), visit.field("email")
    answer = redirect("/")
    try:
        first_run(
            visit.request,
            answer,
            token=token,
            email=email,
            password=str(visit.form.get("password", "")),
            language=visit.language,
        )
    except LinkInvalidError as error:
        return _form(visit, token="", error=error.code, status=error.status)
    except WeakPasswordError as error:
        return _form(visit, token=token, email=email, error=error.code, status=error.status)
    except InvalidInputError as error:
        return _form(visit, token=token, email=email, error=error.code, status=error.status)
    return answer


def do_send_test(visit: Visit) -> Response:
    """Send a real event through the project's DSN to this server's own door, and go and watch it."""
    project = visit.context.store.get_project(visit.field("project") or visit.path("slug"))
    setup = setup_of(visit.context, project)
    sent = send_test_error(setup, server=visit.request.scope.get("server"), now=visit.times.now)
    return redirect(f"/projects/{project.slug}/test/{sent.event_id}?status={sent.status}")


def show_walk(visit: Visit) -> Response:
    """Show how far the test error has come."""
    project = visit.context.store.get_project(visit.path("slug"))
    event_id = visit.path("event_id")
    if len(event_id) != 32 or not event_id.isalnum():  # noqa: PLR2004 - a UUID's hex digits
        raise NotFoundError("There is no such event.")
    status = visit.parameter("status")
    walk = walk_of(visit.context, project, event_id, status=int(status) if status.isdigit() else 0)
    return visit.page("first_run/walk.html", section="projects", project=project, walk=walk)


SCREENS = (
    Screen(path="/first-run", handler=show_first_run, role=None),
    Screen(method="POST", path="/first-run", handler=do_first_run, role=None),
    Screen(method="POST", path="/projects/{slug}/test", handler=do_send_test, role=Role.OPERATOR),
    Screen(path="/projects/{slug}/test/{event_id}", handler=show_walk),
)
