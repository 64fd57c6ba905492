"""A PostgreSQL to test with: the one on this machine, else one of the test's own, else none."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import text

from naosu.ports.store import Store
from naosu.storage.postgres import open_postgres_store
from naosu.storage.sql import repair_tables, side_tables  # noqa: F401 -- complete the metadata
from naosu.storage.sql.tables import metadata

POSTGRES_URL = os.environ.get("NAOSU_TEST_POSTGRES", "postgresql://postgres@localhost:5432/postgres")
SCHEMA_PREFIX = "naosu_test_"
LEFT_BEHIND_S = 3_600


@contextmanager
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a server on which schemas and databases may be made; skip the test where there is none."""
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=3).close()
    except psycopg.OperationalError:
        pass
    else:
        yield POSTGRES_URL
        return
    # The wheel brings a server; without it, and on machines that it was not built for, there is none.
    pgserver = pytest.importorskip("pgserver", reason="PostgreSQL is not reachable, and pgserver is not installed")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A throw-away schema, found first by every connection."""
    with postgres_server(tmp_path_factory) as server, psycopg.connect(server, autocommit=True) as admin:
        _drop_left_behind(admin)
        schema = f"{SCHEMA_PREFIX}{int(time.time())}_{uuid.uuid4().hex[:8]}"
        admin.execute(f"CREATE SCHEMA {schema}")
        # The suite loses nothing that it would miss, and waits for no disk.
        options = f"-csearch_path%3D{schema} -csynchronous_commit%3Doff"
        url = f"{server}{'&' if '?' in server else '?'}options={options}"
        try:
            open_postgres_store(url).close()
            yield url
        finally:
            admin.execute(f"DROP SCHEMA {schema} CASCADE")


def _drop_left_behind(admin: psycopg.Connection) -> None:
    """Drop what runs left that were killed: schemas are named by when they were made."""
    found = admin.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", (SCHEMA_PREFIX,))
    for (name,) in found.fetchall():
        made_at = name.removeprefix(SCHEMA_PREFIX).partition("_")[0]
        if not made_at.isdigit() or int(made_at) < time.time() - LEFT_BEHIND_S:
            admin.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


def emptied(store: Store) -> Store:
    """Empty what has rows, and number anew: TRUNCATE of thirty tables makes as many files."""
    names = [table.name for table in reversed(metadata.sorted_tables) if table.name != "counter"]
    with store._engine.begin() as connection:
        for name in names:
            connection.execute(text(f'DELETE FROM "{name}"'))
        sequences = (
            "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace::regnamespace::text"
        )
        connection.execute(text(f"{sequences} = current_schema()"))
    return store
