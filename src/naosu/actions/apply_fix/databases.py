"""What a database is: that it exists, and its schema, object by object."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
from sqlalchemy import URL, create_engine, inspect, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from naosu.actions.apply_fix.errors import PlanRefusedError

CONNECT_TIMEOUT_S = 10
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}


class DatabaseState(msgspec.Struct, frozen=True, kw_only=True):
    """What can be told of one database.

    Attributes:
        objects: Definition by name: ``table t``, ``column t.c``, ``index t.i``; for SQLite the ``journal_mode``, too.
    """

    exists: bool = False
    objects: dict[str, str] = {}

    def differences(self, now: "DatabaseState", url: str) -> tuple[str, ...]:
        """Say, a line each, what is not any more as it is here."""
        if self.exists != now.exists:
            return (f"{url}: {'is gone' if self.exists else 'was not there before'}",)
        names = sorted(self.objects.keys() | now.objects.keys())
        return tuple(
            f"{url}: {name}: {self.objects.get(name, '(none)')} is {now.objects.get(name, '(none)')}"
            for name in names
            if self.objects.get(name) != now.objects.get(name)
        )


def shown_url(database: str) -> str:
    """Return a URL without its password."""
    return make_url(database).render_as_string(hide_password=True)


def sqlite_path(database: str, source: Path) -> Path | None:
    """Return a SQLite database's file. None: it is another engine's.

    Raises:
        PlanRefusedError: It is in memory, or an address of SQLite's own form.
    """
    url = make_url(database)
    if url.get_backend_name() != "sqlite":
        return None
    name = url.database or ":memory:"
    if name == ":memory:" or name.startswith("file:"):
        raise PlanRefusedError(f"{database} is no database file")
    return source / name


def server_url(database: str) -> URL:
    """Return the URL with a driver that waits for its answers, whichever the application uses."""
    url = make_url(database)
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise PlanRefusedError(f"{url.get_backend_name()} databases cannot be changed")
    return url.set(drivername=driver)


def database_state(database: str, source: Path) -> DatabaseState:
    """Return what a database is now."""
    path = sqlite_path(database, source)
    return _sqlite_state(path) if path is not None else _server_state(server_url(database))


def _sqlite_state(path: Path) -> DatabaseState:
    if not path.is_file() or path.stat().st_size == 0:
        return DatabaseState(exists=path.is_file())
    with closing(
        sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=CONNECT_TIMEOUT_S)
    ) as connection:
        rows = connection.execute("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master").fetchall()
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return DatabaseState(exists=True, objects={**dict(rows), "journal_mode": str(mode)})


def _server_state(url: URL) -> DatabaseState:
    engine = create_engine(url, poolclass=NullPool)
    try:
        inspector = inspect(engine)
    except OperationalError as error:
        if "does not exist" in str(error) or "Unknown database" in str(error):
            return DatabaseState()
        raise
    objects: dict[str, str] = {}
    for table in inspector.get_table_names():
        objects[f"table {table}"] = "table"
        for column in inspector.get_columns(table):
            null = "" if column["nullable"] else " not null"
            objects[f"column {table}.{column['name']}"] = f"{column['type']}{null} default {column['default']}"
        for index in inspector.get_indexes(table):
            unique = "unique " if index["unique"] else ""
            objects[f"index {table}.{index['name']}"] = f"{unique}({', '.join(map(str, index['column_names']))})"
    engine.dispose()
    return DatabaseState(exists=True, objects=objects)
