"""The application: every route, and what holds for all of them."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from naosu.api.auth import AttemptLimiter
from naosu.api.context import ApiContext
from naosu.api.middleware import BodyLimit, OneSpelling, SecurityHeaders
from naosu.api.parts import ALL_PARTS, parts_for, routers_of
from naosu.api.problems import install_problem_handlers


def create_app(context: ApiContext, *, local_admin: bool = False, parts: Sequence[str] = ALL_PARTS) -> FastAPI:
    """Make the application.

    Args:
        context: What its handlers need.
        local_admin: Whoever calls without credentials is an admin: for the command line on its own data directory,
            in-process. Never for anything that listens.
        parts: Which routes it has, as in `naosu.api.parts`.
    """
    app = FastAPI(
        title="Naosu",
        version=context.version,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.context = context
    app.state.local_admin = local_admin
    settings = context.settings
    app.state.attempts = AttemptLimiter(attempts_max=settings.login_attempts_max, window_s=settings.login_window_s)
    install_problem_handlers(app)
    for router in routers_of(parts):
        app.include_router(router)
    app.add_middleware(BodyLimit, body_bytes_max=settings.body_bytes_max)
    app.add_middleware(OneSpelling)
    app.add_middleware(SecurityHeaders)
    app.openapi = lambda: _openapi_of(app)  # type: ignore[method-assign]
    return app


def _openapi_of(app: FastAPI) -> dict[str, Any]:
    from naosu.api.openapi import build_openapi  # noqa: PLC0415 -- commands never ask for it

    return build_openapi(app)


class AppInParts:
    """The application for one command, which asks little of it: only the parts that its requests need are made.

    Whoever calls it is an admin: never for anything that listens.
    """

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._apps: dict[tuple[str, ...], FastAPI] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        parts = parts_for(scope["path"])
        if parts not in self._apps:
            self._apps[parts] = create_app(self._context, local_admin=True, parts=parts)
        await self._apps[parts](scope, receive, send)


def share_state(parent: Starlette, child: Starlette) -> None:
    """Give a mounted application what `naosu.api.auth` needs."""
    for name in ("context", "local_admin", "attempts"):
        setattr(child.state, name, getattr(parent.state, name))
