"""Projects: make one, connect it, its keys and its settings."""

import re

from fastapi import Response

from naosu.domain.account import Role
from naosu.domain.errors import ConflictError, InvalidInputError, NotFoundError
from naosu.domain.project import Project
from naosu.web.projects.settings_form import RETENTION_DAYS_MAX, read_settings
from naosu.web.setup import setup_of
from naosu.web.shell import Screen, Visit, redirect

NAME_LENGTH_MAX = 100
LABEL_LENGTH_MAX = 100
SLUG_LENGTH_MAX = 50


def show_all(visit: Visit) -> Response:
    """Show all projects, and for admins the form for a new one."""
    return _list(visit)


def _list(visit: Visit, *, name: str = "", error: str = "", status: int = 200) -> Response:
    store = visit.context.store
    projects = store.list_projects()
    totals = {project.id: store.totals(project.id) for project in projects}
    return visit.page(
        "projects/projects.html",
        status=status,
        section="projects",
        projects=projects,
        totals=totals,
        name=name,
        error=error,
    )


def slug_of(name: str) -> str:
    """Return a name as it can stand in short ids and URLs: ``Shop API`` → ``shop-api``; empty when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:SLUG_LENGTH_MAX].strip("-")


def create(visit: Visit) -> Response:
    """Make a project with its first key."""
    name = visit.field("name")[:NAME_LENGTH_MAX]
    slug = slug_of(visit.field("slug") or name)
    if not slug:
        return _list(visit, name=name, error="slug", status=422)
    try:
        project, _key = visit.context.store.create_project(name=name or slug, slug=slug, now=visit.times.now)
    except ConflictError:
        return _list(visit, name=name, error="taken", status=409)
    return redirect(f"/projects/{project.slug}", flash="project_created")


def project_of(visit: Visit) -> Project:
    """Return the project that the path names. Raises NotFoundError."""
    return visit.context.store.get_project(visit.path("slug"))


def show(visit: Visit) -> Response:
    """Show how to connect a project, its keys and its settings."""
    return _page(visit, project_of(visit))


def _page(visit: Visit, project: Project, *, problem: str = "", status: int = 200) -> Response:
    return visit.page(
        "projects/project.html",
        status=status,
        section="projects",
        project=project,
        setup=setup_of(visit.context, project),
        keys=visit.context.store.list_keys(project.id),
        problem=problem,
        typed=visit.form if problem else {},
        retention_days_max=RETENTION_DAYS_MAX,
    )


def save(visit: Visit) -> Response:
    """Keep a project's name and settings, or show what is wrong with them."""
    project = project_of(visit)
    try:
        settings = read_settings(visit, project.settings)
    except InvalidInputError as error:
        return _page(visit, project, problem=str(error), status=error.status)
    name = visit.field("name")[:NAME_LENGTH_MAX] or project.name
    visit.context.store.update_project(project.id, name=name, settings=settings)
    return redirect(f"/projects/{project.slug}", flash="project_saved")


def create_key(visit: Visit) -> Response:
    """Make a further key."""
    project = project_of(visit)
    visit.context.store.create_key(project.id, label=visit.field("label")[:LABEL_LENGTH_MAX], now=visit.times.now)
    return redirect(f"/projects/{project.slug}#keys-title", flash="key_created")


def change_key(visit: Visit) -> Response:
    """Switch a key on or off."""
    project = project_of(visit)
    key_id = visit.path_id("key_id")
    if key_id not in {key.id for key in visit.context.store.list_keys(project.id)}:
        raise NotFoundError("There is no such key in this project.")
    visit.context.store.update_key(key_id, active=visit.field("active") == "yes")
    return redirect(f"/projects/{project.slug}#keys-title", flash="key_changed")


SCREENS = (
    Screen(path="/projects", handler=show_all),
    Screen(method="POST", path="/projects", handler=create, role=Role.ADMIN),
    Screen(path="/projects/{slug}", handler=show),
    Screen(method="POST", path="/projects/{slug}", handler=save, role=Role.ADMIN),
    Screen(method="POST", path="/projects/{slug}/keys", handler=create_key, role=Role.ADMIN),
    Screen(method="POST", path="/projects/{slug}/keys/{key_id}", handler=change_key, role=Role.ADMIN),
)
