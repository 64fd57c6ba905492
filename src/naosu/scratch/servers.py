"""Scratch databases on PostgreSQL servers: made from what the application uses, and dropped after each run."""

import os
import re
import secrets
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from naosu.domain.repair import Plan
from naosu.scratch.errors import CellFailedError
from naosu.scratch.relay import Relay

PREFIX = "naosu_scratch_"
COPY_BYTES_MAX = 2_000_000_000
_CONNECT_S = 5
_LEFT_OVER_S = 3600
_DUMP_S = 120
_STATEMENT_MS = 60_000
_CREATE_DATABASE = re.compile(r'\s*CREATE\s+DATABASE\s+("(?:[^"]|"")+"|\w+)\s*;?\s*', re.IGNORECASE)
_ALONE = re.compile(r"\s*(CREATE|DROP|REINDEX)\b.*\bCONCURRENTLY\b|\s*(VACUUM|ANALYZE)\b", re.IGNORECASE | re.DOTALL)


class Refused(ValueError):  # noqa: N818 -- an answer, not a failure
    """A statement that may not be tried on a server. Not retryable."""


class PostgresServer:
    """One server, reached under one URL that was given.

    Attributes:
        notes: What could not be had, a line each.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.host, self.port = url.host or "127.0.0.1", url.port or 5432
        self.name = url.database or url.username or "postgres"
        self.notes: list[str] = []
        self._base = ""
        self._run = ""
        try:
            self._take_copy()
        except psycopg.Error as error:
            self.notes.append(f"{self.name}: no scratch copy of it could be made: {str(error).strip().splitlines()[0]}")

    @property
    def databases(self) -> dict[str, str]:
        """What the application may reach: the run's own database, under the name that it knows."""
        return {self.name: self._run} if self._run else {}

    def begin(self) -> None:
        """Make a fresh database for one run, if there is one to copy."""
        if self._base:
            self._run = f"{self._base}_{secrets.token_hex(3)}"
            self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), self._run, self._base)

    def end(self) -> None:
        """Drop the run's database."""
        if self._run:
            self._drop(self._run)
            self._run = ""

    def close(self) -> None:
        """Drop all that was made."""
        self.end()
        if self._base:
            self._drop(self._base)
            self._base = ""

    def run(self, statements: Sequence[str], *, alone: bool) -> None:
        """Run a plan's statements on the run's database, in one transaction unless the engine refuses that.

        Raises:
            Refused: A statement would reach beyond the scratch database.
            psycopg.Error: The server refused one.
        """
        left = []
        for statement in statements:
            if (made := _CREATE_DATABASE.fullmatch(statement)) is not None:
                self._create(made.group(1).strip('"').replace('""', '"'))
            elif alone and not _ALONE.match(statement):
                raise Refused(f"may not be run outside of a transaction in a scratch database: {statement[:80]}")
            else:
                left.append(statement)
        if not left:
            return
        if not self._run:
            raise Refused(f"there is no scratch copy of {self.name}")
        with self.connect(self._run, autocommit=alone) as connection:
            for statement in left:
                connection.execute(statement.encode())

    def facts(self) -> dict[str, Any]:
        """Return ``schema`` and ``row_counts`` of the run's database."""
        if not self._run:
            return {"schema": {}, "row_counts": {}}
        with self.connect(self._run) as connection:
            columns = connection.execute(
                "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns"
                " JOIN information_schema.tables USING (table_schema, table_name) WHERE table_type = 'BASE TABLE'"
                " AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, ordinal_position"
            ).fetchall()
            schema: dict[str, dict[str, str]] = {}
            counts: dict[str, int] = {}
            for place, table, column, kind in columns:
                name = table if place == "public" else f"{place}.{table}"
                schema.setdefault(name, {})[column] = kind.upper()
                if name not in counts:
                    count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(place, table))
                    counts[name] = connection.execute(count).fetchone()[0]  # type: ignore[index]
        return {"schema": schema, "row_counts": counts}

    @contextmanager
    def connect(self, database: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection[Any]]:
        """Connect to a database of this server, as the user that was given."""
        with psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.url.username,
            password=self.url.password,
            dbname=database,
            connect_timeout=_CONNECT_S,
            autocommit=autocommit,
            options=f"-c statement_timeout={_STATEMENT_MS}",
        ) as connection:
            yield connection

    def _take_copy(self) -> None:
        self._drop_left_over()
        with self.connect("postgres", autocommit=True) as connection:
            size = connection.execute(
                "SELECT pg_database_size(datname) FROM pg_database WHERE datname = %s", [self.name]
            ).fetchone()
        if size is None:
            return  # it does not exist: that may be the fault
        if size[0] > COPY_BYTES_MAX:
            self.notes.append(f"{self.name}: it is too large for a scratch copy, so the application runs without it")
            return
        base = f"{PREFIX}{int(time.time())}_{secrets.token_hex(3)}"
        try:
            self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), base, self.name)
            self._base = base
        except psycopg.errors.ObjectInUse:
            self._administer(sql.SQL("CREATE DATABASE {}"), base)
            self._base = base
            self._restore(base)

    def _restore(self, base: str) -> None:
        """Copy a database that others are connected to, by its dump."""
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.url.username or "",
            "PGPASSWORD": str(self.url.password or ""),
        }
        try:
            dump = subprocess.run(  # noqa: S603 -- names come after options, and no shell reads them
                ["pg_dump", "--no-owner", "--no-privileges", self.name],  # noqa: S607 -- the one on the user's path
                env=environment, capture_output=True, timeout=_DUMP_S, check=True,
            )  # fmt: skip
            subprocess.run(  # noqa: S603
                ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", base],  # noqa: S607
                env=environment, input=dump.stdout, capture_output=True, timeout=_DUMP_S, check=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            self.notes.append(f"{self.name}: others are connected, and it could not be dumped: {type(error).__name__}")
            self._drop(base)
            self._base = ""

    def _create(self, name: str) -> None:
        if name != self.name or self._run:
            raise Refused(f"only {self.name} may be created, where it does not exist")
        self._run = f"{PREFIX}{int(time.time())}_{secrets.token_hex(3)}"
        self._administer(sql.SQL("CREATE DATABASE {}"), self._run)

    def _drop(self, name: str) -> None:
        if name.startswith(PREFIX):
            self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)

    def _drop_left_over(self) -> None:
        """Drop what a laboratory left that was killed more than an hour ago."""
        with self.connect("postgres", autocommit=True) as connection:
            names = connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE 'naosu\\_scratch\\_%'"
            ).fetchall()
        for (name,) in names:
            stamp = name.removeprefix(PREFIX).partition("_")[0]
            if stamp.isdigit() and time.time() - int(stamp) > _LEFT_OVER_S:
                self._drop(name)

    def _administer(self, statement: sql.SQL, *names: str) -> None:
        with self.connect("postgres", autocommit=True) as connection:
            connection.execute(statement.format(*(sql.Identifier(name) for name in names)))


class Servers:
    """All server databases that a laboratory was given."""

    def __init__(self, databases: Sequence[str]) -> None:
        self.notes: list[str] = []
        self._servers: list[PostgresServer] = []
        for text in databases:
            try:
                url = make_url(text.replace("postgres://", "postgresql://", 1))
            except ArgumentError:
                self.notes.append("a database URL could not be read, so it is not used")
                continue
            kind = url.get_backend_name()
            if kind == "postgresql" and not (url.host or "").startswith("/"):
                self._servers.append(PostgresServer(url))
            elif kind != "sqlite":
                self.notes.append(f"{kind} on {url.host}: cannot be copied, so the application runs without it")
        self.notes += [note for server in self._servers for note in server.notes]

    @property
    def hosts(self) -> list[str]:
        """Names under which the application knows its servers."""
        return [server.host for server in self._servers if not server.host[0].isdigit() and server.host != "localhost"]

    @contextmanager
    def run(self, folder: Path) -> Iterator[list[dict[str, Any]]]:
        """Make fresh databases for one run, and yield the relays that lead to them, which listen in a folder.

        Raises:
            CellFailedError: The server failed meanwhile. Retryable.
        """
        relays: list[Relay] = []
        told: list[dict[str, Any]] = []
        try:
            for number, server in enumerate(self._servers):
                server.begin()
                path = folder / f"relay-{number}"
                relays.append(Relay(path, server.host, server.port, _Live(server)))
                told.append({"port": server.port, "socket": path.name})
            yield told
        except psycopg.Error as error:
            raise CellFailedError(f"a scratch database: {str(error).strip().splitlines()[0]}") from error
        finally:
            for relay in relays:
                relay.close()
            for server in self._servers:
                with suppress(psycopg.Error):  # what is left is dropped by a later laboratory
                    server.end()

    def put(self, plan: Plan | None) -> str:
        """Run a plan's statements on the run's databases; returns why one was refused, or nothing."""
        for change in plan.sql if plan else ():
            server = self._server(change.database)
            if server is None:
                continue
            try:
                server.run(change.statements, alone=change.outside_transaction)
            except (psycopg.Error, Refused) as error:
                return f"{type(error).__name__}: {error}"
        return ""

    def facts(self) -> dict[str, Any]:
        """Return the schema and row counts of all run databases together."""
        told: dict[str, Any] = {"schema": {}, "row_counts": {}}
        for server in self._servers:
            for name, found in server.facts().items():
                told[name].update(found)
        return told

    def close(self) -> None:
        """Drop all that was made."""
        for server in self._servers:
            with suppress(psycopg.Error):
                server.close()

    def _server(self, text: str) -> PostgresServer | None:
        try:
            url = make_url(text.replace("postgres://", "postgresql://", 1))
        except ArgumentError:
            return None
        if url.get_backend_name() != "postgresql":
            return None
        same = [server for server in self._servers if server.port == (url.port or 5432)]
        named = [server for server in same if server.name == url.database]
        return next(iter(named or same), None)


class _Live(dict[str, str]):
    """The databases of a server as they are now: one may be made by the plan."""

    def __init__(self, server: PostgresServer) -> None:
        super().__init__()
        self._server = server

    def __contains__(self, name: object) -> bool:
        return name in self._server.databases

    def __getitem__(self, name: str) -> str:
        return self._server.databases[name]
