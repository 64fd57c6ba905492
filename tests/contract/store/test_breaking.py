"""What happens when the database is in trouble, and when several write at once."""

import random
import shutil
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from naosu.domain.errors import InvalidInputError, StoreUnavailableError
from naosu.domain.issue import ChangeKind
from naosu.domain.issue_query import IssueQuery
from naosu.ports.store import Store
from naosu.storage import migrations
from naosu.storage.migrations.migrate import HEAD, SchemaTooNewError
from naosu.storage.postgres import open_postgres_store
from naosu.storage.sql.tables import metadata
from naosu.storage.sqlite import open_sqlite_store

from .builders import NOW, batch, digested, sampled
from .conftest import OpenStore


@pytest.fixture
def path(tmp_path: Path, sqlite_template: Path) -> Path:
    copied = tmp_path / "naosu.db"
    shutil.copyfile(sqlite_template, copied)
    return copied


@pytest.fixture
def shop_at(path: Path) -> Path:
    store = open_sqlite_store(path)
    store.create_project(name="Shop", slug="shop", now=NOW)
    store.close()
    return path


def test_a_locked_database_is_unavailable_and_recovers_by_itself(shop_at: Path) -> None:
    store = open_sqlite_store(shop_at, busy_timeout_ms=50)
    holder = sqlite3.connect(shop_at, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked"):
        store.record(batch(digested()), now=NOW)
    with pytest.raises(StoreUnavailableError):
        store.check()
    assert store.totals().event_count == 0, "reading goes on"
    holder.execute("ROLLBACK")
    assert len(store.record(batch(digested()), now=NOW)) == 1


def test_a_full_disk_keeps_nothing_of_the_batch_and_recovers_by_itself(shop_at: Path) -> None:
    store = open_sqlite_store(shop_at)
    store.record(batch(digested(), delivery_ids=("a/1",)), now=NOW)
    big = digested(fingerprint="v1:big", payload={"noise": random.Random(1).randbytes(200_000).hex()})
    with store._engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    for connection in [store._engine.raw_connection() for _ in range(1)]:
        connection.cursor().execute(f"PRAGMA max_page_count={pages + 2}")
        connection.close()
    with pytest.raises(StoreUnavailableError, match="full"):
        store.record(batch(big, delivery_ids=("a/2",)), now=NOW)
    assert store.already_recorded(["a/1", "a/2"]) == {"a/1"}
    assert store.totals().issue_count == 1
    connection = store._engine.raw_connection()
    connection.cursor().execute("PRAGMA max_page_count=1000000")
    connection.close()
    assert [change.kind for change in store.record(batch(big, delivery_ids=("a/2",)), now=NOW)] == [ChangeKind.NEW]
    assert store.totals().issue_count == 2


def test_a_file_that_is_no_database_is_refused_with_a_reason(tmp_path: Path) -> None:
    broken = tmp_path / "naosu.db"
    broken.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StoreUnavailableError, match="no SQLite database"):
        open_sqlite_store(broken)
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        open_sqlite_store(tmp_path / "missing" / "naosu.db")


def test_only_the_user_can_read_the_files(tmp_path: Path) -> None:
    store = open_sqlite_store(tmp_path / "naosu.db")
    store.create_project(name="Shop", slug="shop", now=NOW)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "naosu.db-wal" in modes
    store.close()


def test_a_batch_is_on_disk_when_record_returns(shop_at: Path) -> None:
    store = open_sqlite_store(shop_at)
    with store._engine.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA auto_vacuum")).scalar_one() == 2


def test_several_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: open_sqlite_store(tmp_path / "naosu.db"), range(6)))
    for number, store in enumerate(stores):
        store.create_project(name="Shop", slug=f"shop-{number}", now=NOW)
    assert len(stores[0].list_projects()) == 6


def test_the_newest_revision_is_the_one_that_migrate_looks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_schema_of_a_newer_version_is_refused(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    with pytest.raises(SchemaTooNewError):
        open_sqlite_store(path)


def _differences(store: Store) -> list:
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return [one for one in compare_metadata(context, metadata) if not _is_known(one)]


def _is_known(difference: tuple) -> bool:
    """Two indexes of `event` have other columns in each database."""
    return "alembic_version" in str(difference) or getattr(difference[1], "name", "") in {
        "ix_event_fingerprint",
        "ix_event_project",
    }


def test_migrating_leads_to_the_tables_that_the_code_knows(path: Path, postgres_url: str) -> None:
    for store in (open_sqlite_store(path), open_postgres_store(postgres_url)):
        assert _differences(store) == []
        store.close()


def _made_by_the_first_version(path: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(path, isolation_level=None)
    folder = Path(migrations.__file__).parent / "schema"
    raw.executescript((folder / "0001.sqlite.sql").read_text())
    raw.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    raw.execute("INSERT INTO alembic_version VALUES ('0001')")
    raw.execute("INSERT INTO counter (name, value) VALUES ('changes', 0), ('epoch', 0)")
    return raw


def test_a_database_of_the_first_version_keeps_its_issues_and_their_ids(tmp_path: Path, path: Path) -> None:
    now = open_sqlite_store(path)
    now.create_project(name="Shop", slug="shop", now=NOW)
    now.record(batch(digested(fingerprint="v1:a", title="A"), digested(fingerprint="v1:b", title="B")), now=NOW)
    issues = list(now.find_issues(IssueQuery(), now=NOW).issues)
    now.close()
    old = _made_by_the_first_version(tmp_path / "old.db")
    old.execute("ATTACH ? AS now", (str(path),))
    tables = [name for (name,) in old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
    for table in {*tables} - {"alembic_version", "counter", "issue_alias", "sqlite_sequence"}:
        old.execute(f'INSERT INTO main."{table}" SELECT * FROM now."{table}"')
    old.execute("INSERT INTO main.issue_alias VALUES (1, 77, ?)", (issues[0].id,))
    old.close()
    store = open_sqlite_store(tmp_path / "old.db")
    assert _differences(store) == []
    assert list(store.find_issues(IssueQuery(), now=NOW).issues) == issues
    assert store.find_by_short_id("SHOP-77") == issues[0]
    store.merge_issues(issues[0].id, [issues[1].id])
    store.record(batch(digested(fingerprint="v1:c", title="C")), now=NOW)
    assert store.get_issue(issues[1].id).id == issues[0].id
    assert max(one.id for one in store.find_issues(IssueQuery(), now=NOW).issues) == max(one.id for one in issues) + 1
    store.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", ""])
def test_a_url_of_no_known_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        open_postgres_store(url)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(StoreUnavailableError):
        open_postgres_store("postgresql://nobody@127.0.0.1:1/none")


def test_a_broken_connection_is_replaced(postgres_url: str) -> None:
    store = open_postgres_store(postgres_url)
    store.check()
    with psycopg.connect(postgres_url.partition("?")[0], autocommit=True) as admin:
        with store._engine.connect() as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
    store.check()
    store.close()


@pytest.mark.usefixtures("shop")
def test_two_digesters_at_once_lose_nothing_and_count_nothing_twice(open_store: OpenStore, store: Store) -> None:
    stores = [store, open_store()]
    rng = random.Random(7)
    rounds, size = 12, 20
    events = [
        digested(
            fingerprint=f"v1:{rng.randrange(8)}",
            user=str(rng.randrange(5)),
            release=f"1.{rng.randrange(3)}",
            signature=f"s{rng.randrange(8)}",
            tags=(("plan", rng.choice("abc")),),
        )
        for _ in range(rounds * size)
    ]
    barrier = threading.Barrier(2)
    news: list[int] = []

    def digest(which: int) -> None:
        mine = stores[which]
        order = list(range(rounds))
        random.Random(which).shuffle(order)
        barrier.wait()
        for at in order:
            one = batch(*events[at * size : (at + 1) * size], delivery_ids=(f"{which}/{at}",))
            news.extend(change.issue_id for change in mine.record(one, now=NOW))
            counts = batch(sampled=(sampled(f"s{at % 8}", 1),))
            mine.record(counts, now=NOW)

    threads = [threading.Thread(target=digest, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.compact(now=NOW)
    totals = store.totals()
    assert totals.stored_event_count == len(events)
    assert totals.dropped == {"duplicate": len(events)}
    assert totals.issue_count == len(news) == len(set(news)) == 8
    issues = [store.get_issue(number) for number in news]
    assert sum(issue.event_count for issue in issues) == len(events) + 2 * rounds
    assert {issue.user_count for issue in issues} == {5}
    assert sorted(issue.number for issue in issues) == list(range(1, 9))
    plans = [tag.count for number in news for tag in store.list_tags(number)["plan"]]
    assert sum(plans) == len(events)
    assert sum(release.event_count for release in store.list_releases()) == len(events)
