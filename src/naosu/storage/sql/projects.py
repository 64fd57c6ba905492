"""Projects and keys."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from naosu.domain.errors import ConflictError, NotFoundError
from naosu.domain.project import Key, Project, ProjectSettings, RateLimit
from naosu.storage.sql.session import SqlPart
from naosu.storage.sql.tables import project, project_key

_ID_MAX = 2**31 - 1
_encode = msgspec.json.encode


class SqlProjects(SqlPart):
    """Projects and DSN keys."""

    def create_project(self, *, name: str, slug: str, now: datetime) -> tuple[Project, Key]:
        """Make a project with one key. Raises ConflictError when the slug is taken."""
        made = insert(project).values(
            slug=slug, name=name, platform="", created_at=now, settings=_encode(ProjectSettings()), last_issue_number=0
        )
        try:
            with self._writing() as connection:
                project_id = connection.execute(made.returning(project.c.id)).scalar_one()
                key = _create_key(connection, project_id, "default", (), now)
        except IntegrityError as error:
            raise ConflictError(f"There is a project “{slug}” already.") from error
        return Project(id=project_id, slug=slug, name=name, created_at=now), key

    def list_projects(self) -> list[Project]:
        """Return all projects, by slug."""
        with self._reading() as connection:
            rows = connection.execute(select(project)).all()
        return sorted(map(_project, rows), key=lambda one: one.slug)

    def get_project(self, id_or_slug: int | str) -> Project:
        """Return one project. Raises NotFoundError."""
        is_id = isinstance(id_or_slug, int)
        wanted = select(project).where((project.c.id if is_id else project.c.slug) == id_or_slug)
        with self._reading() as connection:
            row = None
            if not isinstance(id_or_slug, int) or abs(id_or_slug) <= _ID_MAX:
                row = connection.execute(wanted).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no project {id_or_slug}.")
        return _project(row)

    def update_project(
        self,
        project_id: int,
        *,
        name: str | None = None,
        platform: str | None = None,
        settings: ProjectSettings | None = None,
    ) -> Project:
        """Change what is given. Raises NotFoundError."""
        encoded = None if settings is None else _encode(settings)
        given = _given(name=name, platform=platform, settings=encoded)
        if given:
            with self._writing() as connection:
                connection.execute(update(project).where(project.c.id == project_id).values(**given))
        return self.get_project(project_id)

    def list_keys(self, project_id: int | None = None) -> list[Key]:
        """Return keys, inactive ones included; of all projects when none is given."""
        wanted = select(project_key).order_by(project_key.c.id)
        if project_id is not None:
            wanted = wanted.where(project_key.c.project_id == project_id)
        with self._reading() as connection:
            return [_key(row) for row in connection.execute(wanted)]

    def create_key(self, project_id: int, *, label: str, rate_limits: Sequence[RateLimit] = (), now: datetime) -> Key:
        """Make a further key. Raises NotFoundError."""
        self.get_project(project_id)
        with self._writing() as connection:
            return _create_key(connection, project_id, label, rate_limits, now)

    def update_key(
        self,
        key_id: int,
        *,
        label: str | None = None,
        active: bool | None = None,
        rate_limits: Sequence[RateLimit] | None = None,
    ) -> Key:
        """Change what is given. Raises NotFoundError."""
        encoded = None if rate_limits is None else _encode(tuple(rate_limits))
        given = _given(label=label, active=active, rate_limits=encoded)
        mine = project_key.c.id == key_id
        with self._writing() as connection:
            if given:
                connection.execute(update(project_key).where(mine).values(**given))
            row = connection.execute(select(project_key).where(mine)).one_or_none()
            if row is None:
                raise NotFoundError(f"There is no key {key_id}.")
            return _key(row)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _create_key(
    connection: Connection, project_id: int, label: str, rate_limits: Sequence[RateLimit], now: datetime
) -> Key:
    values: dict[str, Any] = {
        "project_id": project_id,
        "public_key": secrets.token_hex(16),
        "label": label,
        "created_at": now,
    }
    made = insert(project_key).values(**values, active=True, rate_limits=_encode(tuple(rate_limits)))
    key_id = connection.execute(made.returning(project_key.c.id)).scalar_one()
    return Key(**values, id=key_id, rate_limits=tuple(rate_limits))


def _project(row: Row[*tuple[Any, ...]]) -> Project:
    return Project(
        id=row.id,
        slug=row.slug,
        name=row.name,
        platform=row.platform,
        created_at=row.created_at,
        settings=msgspec.json.decode(row.settings, type=ProjectSettings),
    )


def _key(row: Row[*tuple[Any, ...]]) -> Key:
    return Key(
        id=row.id,
        project_id=row.project_id,
        public_key=row.public_key,
        label=row.label,
        active=row.active,
        rate_limits=msgspec.json.decode(row.rate_limits, type=tuple[RateLimit, ...]),
        created_at=row.created_at,
    )
