import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from naosu.domain.project import Project
from naosu.group import merge_sites
from naosu.ports.store import Store
from naosu.storage.memory import MemoryStore
from naosu.storage.postgres import open_postgres_store
from naosu.storage.sqlite import open_sqlite_store

from .builders import NOW
from .postgres_server import emptied, postgres_url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "naosu.db"
    open_sqlite_store(path).close()
    return path


__all__ = ["postgres_url"]

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
            opened.append(store if opened else emptied(store))
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
