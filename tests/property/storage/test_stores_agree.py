"""Whatever is done to them, each SQL store and the plain model in memory say the same."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from naosu.ports.store import Store
from naosu.storage.memory import MemoryStore
from naosu.storage.postgres import open_postgres_store
from naosu.storage.postgres.store import PostgresStore
from naosu.storage.sqlite import open_sqlite_store
from naosu.storage.sqlite.store import SqliteStore

from ...contract.store.conftest import emptied
from .histories import NOW, Step, act, histories, picture

SOAK_EXAMPLES = int(os.environ.get("NAOSU_HISTORIES", "1500"))

NewStore = Callable[[], Store]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def new_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewStore]:
    """Gives an empty store with an empty cache each time; the one before is gone."""
    if request.param == "sqlite":
        opened = open_sqlite_store(tmp_path_factory.mktemp("sqlite") / "naosu.db")
    else:
        opened = open_postgres_store(request.getfixturevalue("postgres_url"))
    yield lambda: type(opened)(emptied(opened)._engine)
    opened.close()


def hold(new_store: NewStore, history: list[Step]) -> None:
    """Fail when the store and the model differ after any step."""
    model, store = MemoryStore(), new_store()
    for one in (model, store):
        one.create_project(name="Shop", slug="shop", now=NOW)
    for step in history:
        assert act(store, step) == act(model, step), step
        assert picture(store) == picture(model), step
