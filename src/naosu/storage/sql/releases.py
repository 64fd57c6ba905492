"""Releases and deploys."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from naosu.domain.errors import ConflictError, NotFoundError
from naosu.domain.release import Deploy, Release
from naosu.storage.sql import statements
from naosu.storage.sql.column_types import to_micros
from naosu.storage.sql.session import SqlPart
from naosu.storage.sql.side_tables import deploy, release

AnyRow = Row[*tuple[Any, ...]]


class SqlReleases(SqlPart):
    """A release exists from its first event, or from sentry-cli, whichever is first."""

    def upsert_release(
        self,
        project_id: int,
        version: str,
        *,
        now: datetime,
        released_at: datetime | None = None,
        url: str | None = None,
        refs: bytes | None = None,
    ) -> Release:
        """Make it, or change what is given."""
        values = {"released_at": released_at, "url": url, "refs": refs}
        given = {name: value for name, value in values.items() if value is not None}
        with self._writing() as connection:
            statements.ADD_RELEASES.run(connection, [(project_id, version, to_micros(now), "", b"[]", 0, 0)])
            if given:
                mine = (release.c.project_id == project_id, release.c.version == version)
                connection.execute(update(release).where(*mine).values(**given))
            return _read(connection, project_id, version)

    def list_releases(
        self, project_id: int | None = None, *, limit: int = 100, version_contains: str = ""
    ) -> list[Release]:
        """Return releases, newest first."""
        wanted = select(release).order_by(release.c.created_at.desc(), release.c.id.desc())
        if project_id is not None:
            wanted = wanted.where(release.c.project_id == project_id)
        with self._reading() as connection:
            found = []
            # LIKE and its kin treat case differently in each database; releases are few.
            for row in connection.execute(wanted):
                if version_contains in row.version:
                    found.append(Release(**row._asdict()))
                if len(found) == limit:
                    break
            return found

    def get_release(self, project_id: int, version: str) -> Release:
        """Return one. Raises NotFoundError."""
        with self._reading() as connection:
            return _read(connection, project_id, version)

    def delete_release(self, project_id: int, version: str) -> None:
        """Forget one that has no events. Raises NotFoundError, ConflictError."""
        with self._writing(wrongs_caches=True) as connection:
            found = _read(connection, project_id, version)
            if found.event_count:
                raise ConflictError(f"Release {version} has events.")
            connection.execute(delete(deploy).where(deploy.c.release_id == found.id))
            connection.execute(delete(release).where(release.c.id == found.id))

    def add_deploy(
        self,
        release_id: int,
        *,
        environment: str,
        name: str = "",
        url: str = "",
        started_at: datetime | None = None,
        finished_at: datetime | None = None,
    ) -> Deploy:
        """Say that a release went live."""
        values: dict[str, Any] = {
            "release_id": release_id,
            "environment": environment,
            "name": name,
            "url": url,
            "started_at": started_at,
            "finished_at": finished_at,
        }
        with self._writing() as connection:
            if connection.scalar(select(release.c.id).where(release.c.id == release_id)) is None:
                raise NotFoundError(f"There is no release {release_id}.")
            made = connection.execute(insert(deploy).values(**values).returning(deploy.c.id))
            return Deploy(id=made.scalar_one(), **values)

    def list_deploys(self, release_id: int) -> list[Deploy]:
        """Return its deploys, newest first."""
        wanted = select(deploy).where(deploy.c.release_id == release_id).order_by(deploy.c.id.desc())
        with self._reading() as connection:
            return [Deploy(**row._asdict()) for row in connection.execute(wanted)]


def _read(connection: Connection, project_id: int, version: str) -> Release:
    wanted = select(release).where(release.c.project_id == project_id, release.c.version == version)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no release {version}.")
    return Release(**row._asdict())
