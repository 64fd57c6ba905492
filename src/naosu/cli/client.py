"""How commands reach the API: over HTTP to a running server, or in this process on a data folder."""

import asyncio
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naosu.domain.errors import NaosuError

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S = 60.0
_BAD_REQUEST, _NOT_FOUND, _CONFLICT, _UNPROCESSABLE = 400, 404, 409, 422


class ApiError(NaosuError):
    """The API refused the call; `exit_code` says what that means for a command."""

    code = "cli.refused"

    def __init__(self, message: str, *, status: int, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.exit_code = {_NOT_FOUND: 1, _CONFLICT: 1, _BAD_REQUEST: 2, _UNPROCESSABLE: 2}.get(status, 3)


class UnreachableError(NaosuError):
    """No server answers at the URL. Retryable."""

    code = "cli.unreachable"
    retryable = True


class NoDataError(NaosuError):
    """The data folder holds nothing of Naosu's. Not retryable as it is."""

    code = "cli.no_data"


class Api:
    """Calls the REST API and returns what it answers, decoded."""

    def __init__(self, client: "httpx.AsyncClient", *, place: str, close: Callable[[], None] = lambda: None) -> None:
        self.place = place
        self._client = client
        self._close = close
        self._runner = asyncio.Runner()

    def get(self, path: str, **query: Any) -> Any:
        """GET; parameters that are None are left out."""
        return self.request("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Any = None) -> Any:
        """POST a JSON body."""
        return self.request("POST", path, json={} if body is None else body)

    def request(self, method: str, path: str, **arguments: Any) -> Any:
        """Return the decoded JSON, or the text of another type, or None where there is no content.

        Raises:
            ApiError: The API refused.
            UnreachableError: Nothing answers. Retryable.
        """
        import httpx

        try:
            answer = self._runner.run(self._client.request(method, path, **arguments))
        except httpx.TransportError as error:
            raise UnreachableError(
                f"no answer from {self.place}: {str(error) or type(error).__name__}",
                mend="Is the server running there? Start it with `naosu serve`.",
            ) from error
        if answer.is_success:
            return _decoded(answer)
        raise _refusal(answer)

    def close(self) -> None:
        """Release what is held."""
        self._runner.run(self._client.aclose())
        self._runner.close()
        self._close()


def _decoded(answer: "httpx.Response") -> Any:
    if not answer.content:
        return None
    return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text


def _refusal(answer: "httpx.Response") -> ApiError:
    try:
        problem = answer.json()
        detail, mend = problem.get("detail") or problem.get("title"), problem.get("mend", "")
    except (ValueError, AttributeError):
        detail, mend = "", ""
    if answer.status_code in (401, 403) and not mend:
        mend = "Give a token with --token or NAOSU_TOKEN; make one with `naosu token create NAME`."
    return ApiError(detail or f"the server answered {answer.status_code}", status=answer.status_code, mend=mend)


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
    import httpx

    if not url.startswith(("http://", "https://")):
        raise click.UsageError(f"--url must begin with http:// or https://, not {url!r}.")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client = httpx.AsyncClient(base_url=url, headers=headers, timeout=_TIMEOUT_S, follow_redirects=False)
    return Api(client, place=url)


def _local(data: str | None, *, creates: bool) -> Api:
    import httpx

    from naosu.wiring.local import local_settings, open_local_app

    settings = local_settings(data)
    if not creates and not settings.database and not (Path(settings.data) / "naosu.db").exists():
        raise NoDataError(
            f"there is nothing of Naosu's in {settings.data}",
            mend=f"Name the folder of a server with --data, or start one there: naosu serve --data {settings.data}",
        )
    app, close = open_local_app(settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://naosu.local", timeout=_TIMEOUT_S)
    return Api(client, place=settings.data, close=close)
