"""Projects and their DSN keys."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import Depends, Request, Response
from msgspec import Meta

from naosu.api.answers import documented_answer, json_answer
from naosu.api.auth import Operator, Viewer
from naosu.api.body import documented_body, json_body
from naosu.api.context import context_of
from naosu.api.lookups import find_key, find_project
from naosu.api.parameters import Id, ProjectRef
from naosu.api.problems import problem_answers
from naosu.api.router import documented_router
from naosu.api.slugs import slug_for
from naosu.api.v1.project_settings import SettingsChange, change_settings, check_rate_limits
from naosu.api.v1.views import PROJECT_EXAMPLE, KeyView, ProjectView, view_key, view_project
from naosu.domain.project import Key, Project, RateLimit
from naosu.ports.store import Store

router = documented_router("/api/v1/projects", "projects")
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Platform = Annotated[str, Meta(max_length=50)]
Label = Annotated[str, Meta(max_length=100)]

KEY_EXAMPLE = {
    "id": 1,
    "project_id": 1,
    "label": "default",
    "public_key": "0123456789abcdef0123456789abcdef",
    "dsn": PROJECT_EXAMPLE["dsn"],
    "active": True,
    "rate_limits": [],
    "created_at": "2026-11-20T08:00:00Z",
}


class NewProject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project to make; without a slug, one is made of the name."""

    name: Name
    slug: str | None = None
    platform: Platform = ""


class ProjectChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a project; absent fields stay."""

    name: Name | None = None
    platform: Platform | None = None
    settings: SettingsChange | None = None


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A DSN key to make."""

    label: Label = ""
    rate_limits: tuple[RateLimit, ...] = ()


class KeyChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a key; absent fields stay."""

    label: Label | None = None
    active: bool | None = None
    rate_limits: tuple[RateLimit, ...] | None = None


def create_project(store: Store, wanted: NewProject, *, now: datetime) -> tuple[Project, Key]:
    """Make a project with its first key. Raises ConflictError, InvalidInputError."""
    taken = {project.slug for project in store.list_projects()}
    slug = slug_for(wanted.name, wanted=wanted.slug, taken=taken)
    project, key = store.create_project(name=wanted.name, slug=slug, now=now)
    if wanted.platform:
        project = store.update_project(project.id, platform=wanted.platform)
    return project, key


@router.get("", summary="List projects", responses=documented_answer(list[ProjectView], "By slug.", [PROJECT_EXAMPLE]))
def list_projects(request: Request, _: Viewer) -> Response:
    """Return all projects, by slug."""
    context = context_of(request)
    keys = context.store.list_keys()
    projects = context.store.list_projects()
    return json_answer(
        [view_project(one, [key for key in keys if key.project_id == one.id], context.public_url) for one in projects]
    )


@router.post(
    "",
    summary="Create a project",
    status_code=201,
    responses={
        **documented_answer(ProjectView, "Made.", PROJECT_EXAMPLE, status=201),
        **problem_answers(409),
    },
    openapi_extra=documented_body(NewProject, {"name": "Shop"}),
)
def post_project(
    request: Request, _: Operator, wanted: Annotated[NewProject, Depends(json_body(NewProject))]
) -> Response:
    """Make a project with one DSN key."""
    context = context_of(request)
    project, key = create_project(context.store, wanted, now=context.clock.now())
    return json_answer(view_project(project, [key], context.public_url), status=201)


@router.get(
    "/{project}", summary="Get a project", responses=documented_answer(ProjectView, "The project.", PROJECT_EXAMPLE)
)
def get_project(request: Request, _: Viewer, project: ProjectRef) -> Response:
    """Return one project."""
    context = context_of(request)
    found = find_project(context.store, project)
    return json_answer(view_project(found, context.store.list_keys(found.id), context.public_url))


@router.patch(
    "/{project}",
    summary="Change a project",
    responses=documented_answer(ProjectView, "As it is now.", PROJECT_EXAMPLE),
    openapi_extra=documented_body(ProjectChange, {"settings": {"retention": {"days": 30, "events_max": 500000}}}),
)
def patch_project(
    request: Request,
    _: Operator,
    project: ProjectRef,
    change: Annotated[ProjectChange, Depends(json_body(ProjectChange))],
) -> Response:
    """Change name, platform, or sections of the settings: those given replace those stored."""
    context = context_of(request)
    found = find_project(context.store, project)
    settings = change_settings(found.settings, change.settings) if change.settings else None
    changed = context.store.update_project(found.id, name=change.name, platform=change.platform, settings=settings)
    return json_answer(view_project(changed, context.store.list_keys(found.id), context.public_url))


@router.get(
    "/{project}/keys", summary="List DSN keys", responses=documented_answer(list[KeyView], "Keys.", [KEY_EXAMPLE])
)
def list_keys(request: Request, _: Viewer, project: ProjectRef) -> Response:
    """Return a project's keys, inactive ones included."""
    context = context_of(request)
    found = find_project(context.store, project)
    return json_answer([view_key(key, context.public_url) for key in context.store.list_keys(found.id)])


@router.post(
    "/{project}/keys",
    summary="Create a DSN key",
    status_code=201,
    responses=documented_answer(KeyView, "Made.", KEY_EXAMPLE, status=201),
    openapi_extra=documented_body(NewKey, {"label": "mobile"}),
)
def post_key(
    request: Request, _: Operator, project: ProjectRef, wanted: Annotated[NewKey, Depends(json_body(NewKey))]
) -> Response:
    """Make a further key."""
    context = context_of(request)
    check_rate_limits(wanted.rate_limits)
    found = find_project(context.store, project)
    key = context.store.create_key(
        found.id, label=wanted.label, rate_limits=wanted.rate_limits, now=context.clock.now()
    )
    return json_answer(view_key(key, context.public_url), status=201)


@router.patch(
    "/{project}/keys/{key_id}",
    summary="Change or disable a DSN key",
    responses=documented_answer(KeyView, "As it is now.", KEY_EXAMPLE),
    openapi_extra=documented_body(KeyChange, {"active": False}),
)
def patch_key(
    request: Request,
    _: Operator,
    project: ProjectRef,
    key_id: Id,
    change: Annotated[KeyChange, Depends(json_body(KeyChange))],
) -> Response:
    """Change a key; `{"active": false}` disables it: what is sent with it is refused from now on."""
    context = context_of(request)
    check_rate_limits(change.rate_limits or ())
    found = find_project(context.store, project)
    key = find_key(context.store, found.id, key_id)
    changed = context.store.update_key(key.id, label=change.label, active=change.active, rate_limits=change.rate_limits)
    return json_answer(view_key(changed, context.public_url))
