"""What a database is: that it exists, and its schema, object by object."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, create_engine, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from naosu.actions.apply_fix.additions import Addition, Kind, additions_of
from naosu.actions.apply_fix.errors import PlanRefusedError
from naosu.actions.apply_fix.marks import MARK_TABLES
from naosu.actions.apply_fix.sql_tokens import name_of
from naosu.domain.errors import NaosuError
from naosu.domain.repair import SqlChange

CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 60
INDEX_TIMEOUT_S = 600
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_HOME = {"postgresql": "postgres", "mysql": None, "mariadb": None}
_ABSENT = ("does not exist", "Unknown database")

Ask = Callable[[str], list[tuple[Any, ...]]]


class DatabaseFailedError(NaosuError):
    """A database could not be reached, or refused a statement. It may work later."""

    code = "plan.database"
    retryable = True


class DatabaseState(msgspec.Struct, frozen=True, kw_only=True):
    """What can be told of one database.

    Attributes:
        objects: Definition by name: ``table t``, ``column t.c``, ``index t.i``, what migration tools noted as
            ``row t (…)``, another database as ``database d``; for SQLite the ``journal_mode``, too.
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
    return _url(database).render_as_string(hide_password=True)


def backend_of(database: str) -> str:
    """Return the engine's name."""
    return _url(database).get_backend_name()


def sqlite_path(database: str, source: Path) -> Path | None:
    """Return a SQLite database's file. None: it is another engine's.

    Raises:
        PlanRefusedError: It is in memory, or an address of SQLite's own form.
    """
    url = _url(database)
    if url.get_backend_name() != "sqlite":
        return None
    name = url.database or ":memory:"
    if name == ":memory:" or name.startswith("file:"):
        raise PlanRefusedError(f"{database} is no database file")
    return source / name


def server_url(database: str) -> URL:
    """Return the URL with a driver that waits for its answers, whichever the application uses."""
    url = _url(database)
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise PlanRefusedError(f"{url.get_backend_name()} databases cannot be changed")
    return url.set(drivername=driver)


def home_url(url: URL) -> URL:
    """Return the URL of the database that always is there, from which others are made."""
    return url.set(database=_HOME[url.get_backend_name()])


@contextmanager
def session(url: URL, *, autocommit: bool = False, name: str = "naosu") -> Iterator[Connection]:
    """Give one connection that waits neither for a lock nor for an answer for long; PostgreSQL lists it by its name.

    Raises:
        DatabaseFailedError: The server cannot be reached, or refused a statement.
    """
    connection = _connect(url, autocommit=autocommit, name=name)
    try:
        for statement in _limits(url.get_backend_name(), INDEX_TIMEOUT_S if autocommit else STATEMENT_TIMEOUT_S):
            connection.exec_driver_sql(statement)
        if not autocommit:
            connection.commit()
        yield connection
    except DBAPIError as error:
        raise DatabaseFailedError(f"{url.database or url.host}: {_first_line(error)}") from error
    finally:
        with suppress(DBAPIError):
            connection.close()


def _limits(backend: str, timeout_s: int) -> tuple[str, ...]:
    if backend == "postgresql":
        return (f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'", f"SET statement_timeout = '{timeout_s}s'")
    return (f"SET SESSION lock_wait_timeout = {LOCK_TIMEOUT_S}",)


def _connect(url: URL, *, autocommit: bool, name: str) -> Connection:
    """Open one connection, that is closed for good when it is closed.

    Raises:
        DatabaseFailedError: The server cannot be reached, or its driver is not installed.
    """
    level = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
    try:
        return create_engine(_timed(url, name), poolclass=NullPool, **level).connect()
    except (DBAPIError, NoSuchModuleError, ImportError) as error:
        raise DatabaseFailedError(f"{url.render_as_string()} cannot be reached: {_first_line(error)}") from error


def _timed(url: URL, name: str) -> URL:
    own = {"connect_timeout": str(CONNECT_TIMEOUT_S)}
    if url.get_backend_name() == "postgresql":
        own["application_name"] = name
    return url.update_query_dict(own)


def database_state(change: SqlChange, source: Path) -> DatabaseState:
    """Return what a database is now."""
    path = sqlite_path(change.database, source)
    return _sqlite_state(path) if path is not None else _server_state(change)


def _url(database: str) -> URL:
    try:
        return make_url(database)
    except ArgumentError as error:
        raise PlanRefusedError("a database's address is no URL") from error


def _first_line(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return next(iter(str(cause).strip().splitlines()), type(error).__name__)


def _sqlite_state(path: Path) -> DatabaseState:
    if not path.is_file() or path.stat().st_size == 0:
        return DatabaseState(exists=path.is_file(), objects={"journal_mode": "delete"} if path.is_file() else {})
    uri = f"{path.resolve().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=CONNECT_TIMEOUT_S)) as connection:
            return sqlite_state(connection)
    except sqlite3.Error as error:
        raise DatabaseFailedError(f"{path} cannot be read: {error}") from error


def sqlite_state(connection: sqlite3.Connection) -> DatabaseState:
    """Return what a SQLite database is, within the connection's transaction."""
    rows = connection.execute(
        "SELECT type || ' ' || CASE type WHEN 'index' THEN tbl_name || '.' ELSE '' END || name, coalesce(sql, '')"
        " FROM sqlite_master"
    ).fetchall()
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    objects = {**dict(rows), "journal_mode": str(mode)}
    tables = [name.removeprefix("table ") for name in objects if name.startswith("table ")]
    for table in tables:
        quoted = table.replace('"', '""')
        for column in connection.execute(f'PRAGMA table_xinfo("{quoted}")'):
            objects[f"column {table}.{column[1]}"] = " ".join(map(str, column[2:5]))
    marks = _marks(tables, lambda statement: connection.execute(statement).fetchall())
    return DatabaseState(exists=True, objects=objects | marks)


def _server_state(change: SqlChange) -> DatabaseState:
    url, backend = server_url(change.database), backend_of(change.database)
    additions = additions_of(change.statements, backend)
    made = {name_of(one.name, backend) for one in additions if one.kind is Kind.DATABASE}
    objects = _databases(url, made) if made else {}
    if url.database in made:
        url = home_url(url)
    try:
        with session(url) as connection:
            return DatabaseState(exists=True, objects=objects | server_objects(connection, additions))
    except DatabaseFailedError as error:
        if any(phrase in str(error) for phrase in _ABSENT):
            return DatabaseState(objects=objects)
        raise


def server_objects(connection: Connection, additions: Iterable[Addition]) -> dict[str, str]:
    """Return the objects of the usual schema, and of those that the statements name, within the transaction."""
    backend = connection.dialect.name
    schemas = {"", *(name_of(schema, backend) for one in additions if (schema := one.table.rpartition(".")[0]))}
    found: dict[str, str] = {}
    if connection.engine.url.database:
        for schema in sorted(schemas):
            found |= _objects(connection, schema)
    return found


def _objects(connection: Connection, schema: str) -> dict[str, str]:
    inspector, prefix = inspect(connection), f"{schema}." if schema else ""
    found: dict[str, str] = {}
    for (_, table), columns in inspector.get_multi_columns(schema=schema or None).items():
        found[f"table {prefix}{table}"] = "table"
        for column in columns:
            null = "" if column["nullable"] else " not null"
            found[f"column {prefix}{table}.{column['name']}"] = f"{column['type']}{null} default {column['default']}"
    for (_, table), indexes in inspector.get_multi_indexes(schema=schema or None).items():
        for index in indexes:
            unique = "unique " if index["unique"] else ""
            names = index.get("expressions") or index["column_names"]
            found[f"index {prefix}{table}.{index['name']}"] = f"{unique}({', '.join(map(str, names))})"
    tables = [name.removeprefix("table ") for name in found if name.startswith("table ")]
    return found | _marks(tables, lambda statement: [tuple(row) for row in connection.exec_driver_sql(statement)])


def _databases(url: URL, names: Iterable[str]) -> dict[str, str]:
    catalogue = "SELECT datname FROM pg_database"
    if url.get_backend_name() != "postgresql":
        catalogue = "SELECT schema_name FROM information_schema.schemata"
    with session(home_url(url)) as connection:
        there = {row[0] for row in connection.exec_driver_sql(catalogue)}
    return {f"database {name}": "database" for name in names if name in there}


def _marks(tables: Iterable[str], ask: Ask) -> dict[str, str]:
    return {
        f"row {table} ({', '.join(repr(str(value)) for value in row)})": "row"
        for table in tables
        if table in MARK_TABLES
        for row in ask(f"SELECT {', '.join(MARK_TABLES[table])} FROM {table}")  # noqa: S608 - names of our own
    }
