import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from naosu.domain.project import Project
from naosu.group import merge_sites
from naosu.ports.store import Store
from naosu.storage.memory import MemoryStore
from naosu.storage.postgres import open_postgres_store
from naosu.storage.sql import side_tables  # noqa: F401 -- completes the metadata
from naosu.storage.sql.tables import metadata
from naosu.storage.sqlite import open_sqlite_store

from .builders import NOW
from .postgres_server import postgres_server

SCHEMA_PREFIX = "naosu_test_"
LEFT_BEHIND_S = 3_600


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "naosu.db"
    open_sqlite_store(path).close()
    return path


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


def _emptied(store: Store) -> Store:
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


OpenStore = Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens the store; opened twice, both are the same store, as two processes see it."""
    opened: list[Store] = []
    if request.param == "memory":
        memory = MemoryStore(merge_sites=merge_sites)
        yield lambda: memory
        return
    if request.param == "sqlite":
        path = tmp_path / "naosu.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)

        def open_one() -> Store:
            opened.append(open_sqlite_store(path, merge_sites=merge_sites))
            return opened[-1]

    else:
        url = request.getfixturevalue("postgres_url")

        def open_one() -> Store:
            store = open_postgres_store(url, merge_sites=merge_sites)
            opened.append(store if opened else _emptied(store))
            return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store()


@pytest.fixture
def shop(store: Store) -> Project:
    project, _ = store.create_project(name="Shop", slug="shop", now=NOW)
    assert project.id == 1
    return project
