"""Projects and their keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from naosu.domain.project import Key, Project, ProjectSettings, RateLimit


class ProjectStore(Protocol):
    """Projects and DSN keys. Ids are small positive integers, since SDKs want them so in a DSN."""

    def create_project(self, *, name: str, slug: str, now: datetime) -> tuple[Project, Key]:
        """Make a project with one key.

        Raises:
            ConflictError: The slug is taken.
        """
        ...

    def list_projects(self) -> list[Project]:
        """Return all projects, by slug."""
        ...

    def get_project(self, id_or_slug: int | str) -> Project:
        """Return one project. Raises NotFoundError."""
        ...

    def update_project(
        self,
        project_id: int,
        *,
        name: str | None = None,
        platform: str | None = None,
        settings: ProjectSettings | None = None,
    ) -> Project:
        """Change what is given. Raises NotFoundError."""
        ...

    def list_keys(self, project_id: int | None = None) -> list[Key]:
        """Return keys, inactive ones included; of all projects when none is given."""
        ...

    def create_key(self, project_id: int, *, label: str, rate_limits: Sequence[RateLimit] = (), now: datetime) -> Key:
        """Make a further key. Raises NotFoundError."""
        ...

    def update_key(
        self,
        key_id: int,
        *,
        label: str | None = None,
        active: bool | None = None,
        rate_limits: Sequence[RateLimit] | None = None,
    ) -> Key:
        """Change what is given. Raises NotFoundError."""
        ...
