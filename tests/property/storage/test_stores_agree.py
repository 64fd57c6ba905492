"""Whatever is done to them, every SQL store and the plain model in memory say the same."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.contract.store.postgres_server import emptied

from naosu.ports.store import Store
from naosu.storage.memory import MemoryStore
from naosu.storage.postgres import open_postgres_store
from naosu.storage.postgres.store import PostgresStore
from naosu.storage.sqlite import open_sqlite_store

from .histories import NOW, Step, act, answers, histories, picture

EXAMPLES = 50
SOAK_EXAMPLES = int(os.environ.get("NAOSU_HISTORIES", "1000"))

NewStore = Callable[[], AbstractContextManager[Store]]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def new_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewStore]:
    """Gives an empty store, which remembers nothing of those before, for as long as a `with` lasts."""
    if request.param == "sqlite":
        template = tmp_path_factory.mktemp("agree") / "naosu.db"
        open_sqlite_store(template).close()
        yield lambda: _copy(template)
        return
    opened = open_postgres_store(request.getfixturevalue("postgres_url"))
    # Another store on the same connections: to migrate each time would take most of the time.
    yield lambda: nullcontext(PostgresStore(emptied(opened)._engine))
    opened.close()


@contextmanager
def _copy(template: Path) -> Iterator[Store]:
    with TemporaryDirectory(dir=template.parent) as folder:
        store = open_sqlite_store(shutil.copyfile(template, Path(folder, "naosu.db")))
        try:
            yield store
        finally:
            store.close()


def hold(new_store: NewStore, history: list[Step]) -> None:
    """Fail when the store and the model differ after any step."""
    model = MemoryStore()
    with new_store() as store:
        for one in (model, store):
            one.create_project(name="Shop", slug="shop", now=NOW)
        for step in history:
            assert act(store, step) == act(model, step), step
            assert picture(store) == picture(model), step
        assert answers(store) == answers(model)


# The same histories each time, and no shrinking: neither may run into the time limit of a test. What fails here is
# shrunk by the long run below.
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
@given(history=histories)
def test_any_history_looks_the_same_in_memory_and_in_a_database(new_store: NewStore, history: list[Step]) -> None:
    hold(new_store, history)


@pytest.mark.soak
@pytest.mark.timeout(0)
@settings(
    max_examples=SOAK_EXAMPLES,
    deadline=None,
    database=None,
    report_multiple_bugs=False,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
@given(history=histories)
def test_thousands_of_random_histories_look_the_same_in_memory_and_in_a_database(
    new_store: NewStore, history: list[Step]
) -> None:
    hold(new_store, history)
