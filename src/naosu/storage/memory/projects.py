"""Projects and keys in memory."""

import secrets
from collections.abc import Sequence
from datetime import datetime

import msgspec

from naosu.domain.errors import ConflictError, NotFoundError
from naosu.domain.project import Key, Project, ProjectSettings, RateLimit
from naosu.storage.memory.shelves import OnShelves

_replace = msgspec.structs.replace


class MemoryProjects(OnShelves):
    """Projects and DSN keys."""

    def create_project(self, *, name: str, slug: str, now: datetime) -> tuple[Project, Key]:
        """Make a project with one key. Raises ConflictError when the slug is taken."""
        with self._shelves.lock:
            if any(project.slug == slug for project in self._shelves.projects.values()):
                raise ConflictError(f"There is a project “{slug}” already.")
            project = Project(id=len(self._shelves.projects) + 1, slug=slug, name=name, created_at=now)
            self._shelves.projects[project.id] = project
            return project, self.create_key(project.id, label="default", now=now)

    def list_projects(self) -> list[Project]:
        """Return all projects, by slug."""
        with self._shelves.lock:
            return sorted(self._shelves.projects.values(), key=lambda project: project.slug)

    def get_project(self, id_or_slug: int | str) -> Project:
        """Return one project. Raises NotFoundError."""
        with self._shelves.lock:
            for project in self._shelves.projects.values():
                if id_or_slug in {project.id, project.slug}:
                    return project
        raise NotFoundError(f"There is no project {id_or_slug}.")

    def update_project(
        self,
        project_id: int,
        *,
        name: str | None = None,
        platform: str | None = None,
        settings: ProjectSettings | None = None,
    ) -> Project:
        """Change what is given. Raises NotFoundError."""
        given = {"name": name, "platform": platform, "settings": settings}
        with self._shelves.lock:
            project = self.get_project(project_id)
            self._shelves.changes += 1
            changed = _replace(project, **{key: value for key, value in given.items() if value is not None})
            self._shelves.projects[project_id] = changed
            return changed

    def list_keys(self, project_id: int | None = None) -> list[Key]:
        """Return keys, inactive ones included; of all projects when none is given."""
        with self._shelves.lock:
            return [key for key in self._shelves.keys.values() if project_id in {None, key.project_id}]

    def create_key(self, project_id: int, *, label: str, rate_limits: Sequence[RateLimit] = (), now: datetime) -> Key:
        """Make a further key. Raises NotFoundError."""
        with self._shelves.lock:
            self.get_project(project_id)
            key = Key(
                id=self._shelves.new_id(),
                project_id=project_id,
                public_key=secrets.token_hex(16),
                label=label,
                rate_limits=tuple(rate_limits),
                created_at=now,
            )
            self._shelves.changes += 1
            self._shelves.keys[key.id] = key
            return key

    def update_key(
        self,
        key_id: int,
        *,
        label: str | None = None,
        active: bool | None = None,
        rate_limits: Sequence[RateLimit] | None = None,
    ) -> Key:
        """Change what is given. Raises NotFoundError."""
        limits = None if rate_limits is None else tuple(rate_limits)
        given = {"label": label, "active": active, "rate_limits": limits}
        with self._shelves.lock:
            key = self._shelves.keys.get(key_id)
            if key is None:
                raise NotFoundError(f"There is no key {key_id}.")
            self._shelves.changes += 1
            changed = _replace(key, **{name: value for name, value in given.items() if value is not None})
            self._shelves.keys[key_id] = changed
            return changed
