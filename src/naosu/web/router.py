"""All routes of all screens: the table of contents of this package."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor

from naosu.api.auth import authenticate
from naosu.api.context import context_of
from naosu.domain.errors import NotFoundError
from naosu.web.account import screen as account
from naosu.web.assets import load_assets
from naosu.web.event import screen as event
from naosu.web.first_run import screen as first_run
from naosu.web.home import screen as home
from naosu.web.ingest_health import screen as ingest_health
from naosu.web.issue import screen as issue
from naosu.web.issues import screen as issues
from naosu.web.live import ChangeFeed
from naosu.web.projects import screen as projects
from naosu.web.releases import screen as releases
from naosu.web.repairs import screen as repairs
from naosu.web.shell import SECURITY_HEADERS, Screen, Shell, Visit, error_page, serve
from naosu.web.sign_in import screen as sign_in
from naosu.web.templating import environments

SCREENS: tuple[Screen, ...] = (
    *home.SCREENS,
    *issues.SCREENS,
    *issue.SCREENS,
    *event.SCREENS,
    *ingest_health.SCREENS,
    *releases.SCREENS,
    *repairs.SCREENS,
    *projects.SCREENS,
    *account.SCREENS,
    *sign_in.SCREENS,
    *first_run.SCREENS,
)
YEAR_S = 31_536_000
STATIC_HEADERS = {**SECURITY_HEADERS, "Cache-Control": f"public, max-age={YEAR_S}, immutable"}


class _OtherPath(Convertor[str]):
    """Any path that is not the API's: its unknown paths are answered as JSON, by itself."""

    regex = r"(?!api(?:/|$)|static/|healthz|readyz|metrics|docs|openapi\.json).*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("other_path", _OtherPath())


def build_router(*, feed: ChangeFeed | None = None) -> APIRouter:
    """Return all screens, to be included in an application whose state the API's `share_state` has filled.

    Args:
        feed: To be closed at shutdown, so that open live streams end. Made here when not given.
    """
    assets = load_assets()
    shell = Shell(environments=environments(), assets=assets, feed=feed or ChangeFeed())
    router = APIRouter(include_in_schema=False)
    for screen in SCREENS:
        router.add_route(screen.path, _endpoint(screen, shell), methods=[screen.method])
    router.add_route("/static/{name}", _static_endpoint(shell), methods=["GET"])
    router.add_route("/live", _live_endpoint(shell), methods=["GET"])
    router.add_route("/{path:other_path}", _endpoint(_NOT_FOUND, shell), methods=["GET"])
    return router


def _endpoint(screen: Screen, shell: Shell) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await serve(screen, shell, request)

    return endpoint


def _not_found(visit: Visit) -> Response:
    return error_page(visit, NotFoundError("There is no such page."))


_NOT_FOUND = Screen(path="/{path:other_path}", handler=_not_found, role=None)


def _static_endpoint(shell: Shell) -> Callable[[Request], Awaitable[Response]]:
    by_hashed_name = {asset.hashed_name: asset for asset in shell.assets.values()}

    async def endpoint(request: Request) -> Response:
        asset = by_hashed_name.get(request.path_params["name"])
        if asset is None:
            return Response("There is no such file.", 404, SECURITY_HEADERS, "text/plain")
        return Response(asset.body, 200, STATIC_HEADERS, asset.media_type)

    return endpoint


def _live_endpoint(shell: Shell) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if await run_in_threadpool(authenticate, request) is None:
            return Response(status_code=401, headers=SECURITY_HEADERS)
        is_stopping: Callable[[], bool] = getattr(request.app.state, "is_stopping", _never)
        stream = shell.feed.listen(context_of(request).store.change_mark, is_stopping)
        headers = {**SECURITY_HEADERS, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, headers=headers, media_type="text/event-stream")

    return endpoint


def _never() -> bool:
    return False
