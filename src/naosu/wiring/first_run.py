"""What must be there before anything is served: the schema and one project."""

import msgspec

from naosu.api.dsn import dsn_of, first_active_key
from naosu.domain.errors import ConflictError
from naosu.domain.project import Project, ProjectSettings, Retention
from naosu.ports.store import Store
from naosu.wiring.build import open_store
from naosu.wiring.settings import Settings
from naosu.wiring.system import SystemClock


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What a starting server tells its user.

    Attributes:
        dsn: Of the default project.
    """

    dsn: str


def prepare(settings: Settings, *, base_url: str) -> Prepared:
    """Bring the schema up to date, make the default project unless there is a project, and return its DSN.

    Raises:
        StoreUnavailableError: The database cannot be reached or written to. Retryable.
    """
    with open_store(settings) as store:
        project = ensure_project(store, settings)
        key = first_active_key(store.list_keys(project.id))
        if key is None:
            key = store.create_key(project.id, label="default", now=SystemClock().now())
        return Prepared(dsn=dsn_of(base_url, key))


def ensure_project(store: Store, settings: Settings) -> Project:
    """Return the default project, or the first one where it was removed; make it where there is none."""
    projects = store.list_projects()
    if projects:
        return next((project for project in projects if project.slug == settings.project), projects[0])
    try:
        project, _ = store.create_project(name=settings.project, slug=settings.project, now=SystemClock().now())
    except ConflictError:  # another server on the same database was quicker
        return store.get_project(settings.project)
    retention = Retention(days=settings.retention.days, events_max=settings.retention.events_max)
    return store.update_project(project.id, settings=ProjectSettings(retention=retention))
