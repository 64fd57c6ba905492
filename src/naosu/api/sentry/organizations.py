"""Who am I, the organization, its projects and keys."""

from fastapi import Request, Response

from naosu.api.answers import documented_answer, json_answer
from naosu.api.auth import Viewer
from naosu.api.context import context_of
from naosu.api.lookups import find_project
from naosu.api.parameters import ProjectRef
from naosu.api.problems import SENTRY_MEDIA_TYPE, problem_answers
from naosu.api.router import documented_router
from naosu.api.sentry.paging import page_of, sentry_links
from naosu.api.sentry.parameters import Organization, PerPage, SentryCursor
from naosu.api.sentry.project_shapes import (
    SentryKey,
    SentryOrganization,
    SentryProject,
    SentryTeam,
    show_key,
    show_organization,
    show_project,
    show_team,
)
from naosu.domain.account import Role
from naosu.domain.errors import NotFoundError

router = documented_router("/api/0", "sentry")

SCOPES = {
    Role.VIEWER: ("org:read", "project:read", "event:read", "member:read", "team:read"),
    Role.OPERATOR: ("event:write", "event:admin", "project:releases", "project:write"),
    Role.ADMIN: ("org:write", "org:admin", "project:admin"),
}


def scopes_of(role: Role) -> list[str]:
    """Return Sentry's names for what a role may do."""
    return sorted(scope for other, scopes in SCOPES.items() if role.covers(other) for scope in scopes)


@router.get("/", summary="Who am I", responses=documented_answer({"type": "object"}, "Version, user and scopes."))
def get_root(identity: Viewer) -> Response:
    """Return what sentry-cli's `info` and `login` look at."""
    user = {"id": str(identity.account_id or 0), "email": identity.name, "name": identity.name}
    return json_answer({"version": "0", "auth": {"scopes": scopes_of(identity.role)}, "user": user})


@router.get(
    "/users/me/regions/",
    summary="Regions",
    status_code=404,
    response_class=Response,
    responses=problem_answers(404, media_type=SENTRY_MEDIA_TYPE),
)
def get_regions(_: Viewer) -> Response:
    """There are no regions here; sentry-cli then talks to this server only."""
    raise NotFoundError("This server has no regions.")


@router.get(
    "/organizations/", summary="Organizations", responses=documented_answer(list[SentryOrganization], "The one.")
)
def list_organizations(request: Request, _: Viewer) -> Response:
    """Return the one organization."""
    return json_answer([show_organization(context_of(request))], headers=sentry_links(request, None))


@router.get(
    "/organizations/{organization}/",
    summary="The organization",
    responses=documented_answer(SentryOrganization, "The one."),
)
def get_organization(request: Request, _: Viewer, organization: Organization) -> Response:
    """Return the one organization, whatever the slug."""
    return json_answer(show_organization(context_of(request)))


@router.get(
    "/organizations/{organization}/teams/", summary="Teams", responses=documented_answer(list[SentryTeam], "The one.")
)
def list_teams(request: Request, _: Viewer, organization: Organization) -> Response:
    """Return the one team."""
    return json_answer([show_team(show_organization(context_of(request)))], headers=sentry_links(request, None))


@router.get(
    "/organizations/{organization}/repos/",
    summary="Repositories",
    responses=documented_answer({"type": "array", "items": {"type": "object"}}, "None.", []),
)
def list_repositories(request: Request, _: Viewer, organization: Organization) -> Response:
    """Return none: commits are kept as sentry-cli sends them, without a repository connected."""
    return json_answer([], headers=sentry_links(request, None))


@router.get(
    "/organizations/{organization}/projects/",
    summary="Projects",
    responses=documented_answer(list[SentryProject], "By slug."),
)
def list_organization_projects(
    request: Request, _: Viewer, organization: Organization, cursor: SentryCursor = None, per_page: PerPage = 100
) -> Response:
    """Return all projects."""
    context = context_of(request)
    shown = show_organization(context)
    page, next_cursor = page_of(context.store.list_projects(), cursor=cursor, limit=per_page)
    headers = sentry_links(request, next_cursor)
    return json_answer([show_project(project, shown) for project in page], headers=headers)


@router.get("/projects/", summary="Projects", responses=documented_answer(list[SentryProject], "By slug."))
def list_projects(request: Request, _: Viewer, cursor: SentryCursor = None, per_page: PerPage = 100) -> Response:
    """Return all projects."""
    return list_organization_projects(request, _, "", cursor, per_page)


@router.get(
    "/projects/{organization}/{project}/",
    summary="A project",
    responses=documented_answer(SentryProject, "The project."),
)
def get_project(request: Request, _: Viewer, organization: Organization, project: ProjectRef) -> Response:
    """Return one project by slug or id."""
    context = context_of(request)
    return json_answer(show_project(find_project(context.store, project), show_organization(context)))


@router.get(
    "/projects/{organization}/{project}/keys/",
    summary="DSN keys",
    responses=documented_answer(list[SentryKey], "Inactive ones included."),
)
def list_keys(request: Request, _: Viewer, organization: Organization, project: ProjectRef) -> Response:
    """Return a project's keys with their DSNs."""
    context = context_of(request)
    keys = context.store.list_keys(find_project(context.store, project).id)
    return json_answer([show_key(key, context.public_url) for key in keys], headers=sentry_links(request, None))
