"""A SQL store, put together."""

from sqlalchemy import text

from naosu.storage.sql.accounts import SqlAccounts
from naosu.storage.sql.events import SqlEvents
from naosu.storage.sql.issues import SqlIssues
from naosu.storage.sql.operations import SqlOperations
from naosu.storage.sql.projects import SqlProjects
from naosu.storage.sql.releases import SqlReleases
from naosu.storage.sql.repairs import SqlRepairs
from naosu.storage.sql.retention import SqlRetention
from naosu.storage.sql.telemetry import SqlTelemetry


class SqlStore(
    SqlRetention,
    SqlIssues,
    SqlEvents,
    SqlOperations,
    SqlReleases,
    SqlProjects,
    SqlAccounts,
    SqlTelemetry,
    SqlRepairs,
):
    """The whole store, on tables."""

    def check(self) -> None:
        """Do a trivial read and write. Raises StoreUnavailableError."""
        with self._writing(visible=False) as connection:
            connection.execute(text("UPDATE counter SET value = value WHERE name = 'checks'"))
            connection.execute(text("SELECT 1")).scalar_one()

    def close(self) -> None:
        """Release what is held."""
        self._engine.dispose()
