"""Bringing a database up to this version's schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from naosu.domain.errors import NaosuError
from naosu.storage.sql.session import translated_errors

HEAD = "0003"
"""The newest revision. A test holds it to what is in `versions`."""

_LOCK_ID = 0x6E616F7375  # "naosu": nobody else's advisory lock


class SchemaTooNewError(NaosuError):
    """The database was written by a newer Naosu. Not retryable."""

    code = "store.schema_too_new"


def migrate(engine: Engine) -> None:
    """Bring the schema up to date; costs one query when it is. Processes that start at once wait for each other.

    Raises:
        SchemaTooNewError: A newer Naosu wrote it. Not retryable.
        StoreUnavailableError: Retryable.
    """
    with translated_errors():
        with engine.connect() as connection:
            if _revision(connection) == HEAD:
                return
        with _alone(engine) as connection:
            revision = _revision(connection)
            if revision == HEAD:
                return
            if revision is not None and revision > HEAD:
                raise SchemaTooNewError(
                    f"The database has schema {revision}, this Naosu knows {HEAD}.",
                    mend="Run the newer Naosu that wrote it.",
                )
            _upgrade(connection)


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Open one transaction around all steps, that nobody else has at the same time."""
    with engine.connect().execution_options(naosu_writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
        yield connection


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(connection: Connection) -> None:
    # Alembic takes 0.2 s to import, and is needed once for each version.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
