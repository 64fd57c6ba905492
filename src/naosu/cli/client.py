"""How commands reach the API: over HTTP to a running server, or in this process on a data folder."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from naosu.cli.transport import Answer, InProcess, Remote, Transport
from naosu.domain.errors import NaosuError

_BAD_REQUEST, _NOT_FOUND, _CONFLICT, _UNPROCESSABLE = 400, 404, 409, 422


class ApiError(NaosuError):
    """The API refused the call; `exit_code` says what that means for a command."""

    code = "cli.refused"

    def __init__(self, message: str, *, status: int, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.exit_code = {_NOT_FOUND: 1, _CONFLICT: 1, _BAD_REQUEST: 2, _UNPROCESSABLE: 2}.get(status, 3)


class NoDataError(NaosuError):
    """The data folder holds nothing of Naosu's. Not retryable as it is."""

    code = "cli.no_data"


class Api:
    """Calls the REST API and returns what it answers, decoded."""

    def __init__(self, transport: Transport, *, place: str) -> None:
        self.place = place
        self._transport = transport

    def get(self, path: str, **query: Any) -> Any:
        """GET; parameters that are None are left out."""
        return self.request("GET", path, query={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Any = None) -> Any:
        """POST a JSON body."""
        return self.request("POST", path, json={} if body is None else body)

    def request(self, method: str, path: str, *, query: dict[str, Any] | None = None, json: Any = None) -> Any:
        """Return the decoded JSON, or the text of another type, or None where there is no content.

        Raises:
            ApiError: The API refused.
            UnreachableError: Nothing answers. Retryable.
        """
        answer = self._transport.ask(method, path, query=query or {}, body=json)
        if answer.is_success:
            return answer.decoded()
        raise _refusal(answer)

    def close(self) -> None:
        """Release what is held."""
        self._transport.close()


def _refusal(answer: Answer) -> ApiError:
    try:
        problem = answer.decoded()
        detail, mend = problem.get("detail") or problem.get("title"), problem.get("mend", "")
    except (ValueError, AttributeError):
        detail, mend = "", ""
    if answer.status in (401, 403) and not mend:
        mend = "Give a token with --token or NAOSU_TOKEN; make one with `naosu token create NAME`."
    return ApiError(detail or f"the server answered {answer.status}", status=answer.status, mend=mend)


def connected(*, creates: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command --data, --url and --token, and an `Api` as its first argument.

    Args:
        creates: The command may begin a data folder; others refuse one that holds nothing.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @click.option("--data", help="Data folder to work on.  [env: NAOSU_DATA; default: ~/.local/share/naosu]")
        @click.option("--url", help="Server to work through.  [env: NAOSU_URL]")
        @click.option("--token", help="API token for --url.  [env: NAOSU_TOKEN]")
        @functools.wraps(function)
        def wrapper(*arguments: Any, data: str | None, url: str | None, token: str | None, **rest: Any) -> Any:
            api = open_api(data=data, url=url, token=token, creates=creates)
            try:
                return function(api, *arguments, **rest)
            finally:
                api.close()

        return wrapper

    return decorate


def open_api(*, data: str | None, url: str | None, token: str | None, creates: bool = False) -> Api:
    """Choose the place: flags beat the environment, and there a URL beats a data folder."""
    if data and url:
        raise click.UsageError("--data and --url are two places: give one of them.")
    if not data:
        url = url or os.environ.get("NAOSU_URL")
    if url:
        return _remote(url.rstrip("/"), token or os.environ.get("NAOSU_TOKEN", ""))
    return _local(data, creates=creates)


def _remote(url: str, token: str) -> Api:
    if not url.startswith(("http://", "https://")):
        raise click.UsageError(f"--url must begin with http:// or https://, not {url!r}.")
    return Api(Remote(url, token=token), place=url)


def _local(data: str | None, *, creates: bool) -> Api:
    from naosu.wiring.local import local_settings, open_local_app

    settings = local_settings(data)
    if not creates and not settings.database and not (Path(settings.data) / "naosu.db").exists():
        raise NoDataError(
            f"there is nothing of Naosu's in {settings.data}",
            mend=f"Name the folder of a server with --data, or start one there: naosu serve --data {settings.data}",
        )
    app, close = open_local_app(settings)
    return Api(InProcess(app, close=close), place=settings.data)
