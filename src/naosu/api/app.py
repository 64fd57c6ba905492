"""The application: every route, and what holds for all of them."""

from fastapi import FastAPI
from starlette.applications import Starlette

from naosu.api.auth import AttemptLimiter
from naosu.api.context import ApiContext
from naosu.api.health import metrics, probes
from naosu.api.middleware import BodyLimit, OneSpelling, SecurityHeaders
from naosu.api.openapi import build_openapi
from naosu.api.problems import install_problem_handlers
from naosu.api.sentry import events as sentry_events
from naosu.api.sentry import issues as sentry_issues
from naosu.api.sentry import organizations, uploads
from naosu.api.sentry import releases as sentry_releases
from naosu.api.sentry import telemetry as sentry_telemetry
from naosu.api.v1 import accounts, events, issues, previews, projects, releases, stats, telemetry, tokens
from naosu.api.v1.reports import report_router

V1_ROUTERS = (
    projects.router,
    previews.router,
    issues.router,
    events.router,
    releases.router,
    telemetry.router,
    stats.router,
    accounts.router,
    tokens.router,
)

SENTRY_ROUTERS = (
    # Before the projects: `/projects/{project}/issues/` would be taken for a project called "issues".
    sentry_issues.router,
    organizations.router,
    sentry_events.router,
    sentry_releases.router,
    sentry_telemetry.router,
    uploads.router,
)


def create_app(context: ApiContext, *, local_admin: bool = False) -> FastAPI:
    """Make the application.

    Args:
        context: What its handlers need.
        local_admin: Whoever calls without credentials is an admin: for the command line on its own data directory,
            in-process. Never for anything that listens.
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
    for router in (*V1_ROUTERS, *SENTRY_ROUTERS, report_router(), probes.router, metrics.router):
        app.include_router(router)
    app.add_middleware(BodyLimit, body_bytes_max=settings.body_bytes_max)
    app.add_middleware(OneSpelling)
    app.add_middleware(SecurityHeaders)
    app.openapi = lambda: build_openapi(app)  # type: ignore[method-assign]
    return app


def share_state(parent: Starlette, child: Starlette) -> None:
    """Give a mounted application what `naosu.api.auth` needs."""
    for name in ("context", "local_admin", "attempts"):
        setattr(child.state, name, getattr(parent.state, name))
