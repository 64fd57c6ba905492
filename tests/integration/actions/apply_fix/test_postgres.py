import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from naosu.actions.apply_fix import Applied, Commit, PlanFailedError, apply_plan
from naosu.actions.apply_fix.databases import DatabaseFailedError, database_state
from naosu.domain.repair import SqlChange

from .world import make_plan, sql_plan

SERVER = "postgresql://postgres@127.0.0.1:5432"


@pytest.fixture
def name() -> Iterator[str]:
    """The name of a database that is not there yet, and will not be afterwards."""
    name = f"naosu_apply_{uuid.uuid4().hex[:8]}"
    try:
        admin = psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL on 127.0.0.1:5432")
    with admin:
        yield name
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def url(name: str) -> str:
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    with psycopg.connect(f"{SERVER}/{name}") as database:
        database.execute("CREATE TABLE users (id serial PRIMARY KEY, name text)")
        database.execute("INSERT INTO users (name) VALUES ('Ada'), ('Ada')")
    return f"postgresql+asyncpg://postgres@127.0.0.1:5432/{name}"


def put(folder: Path, database: str, *statements: str, outside: bool = False) -> Applied:
    plan = sql_plan(database, *statements, outside=outside)
    return apply_plan(folder, plan, mode=Commit(), backup_dir=folder / "backups")


def schema(folder: Path, database: str) -> dict[str, str]:
    return database_state(SqlChange(database=database, statements=()), folder).objects


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+asyncpg", "")) as database:
        return database.execute(statement).fetchall()


ADD_TABLE = "CREATE TABLE tasks (id SERIAL NOT NULL, owner INTEGER REFERENCES users (id), PRIMARY KEY (id))"
ADD_COLUMN = "ALTER TABLE users ADD COLUMN made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL"
ADD_RATE = "ALTER TABLE users ADD COLUMN rate NUMERIC(5, 2) DEFAULT 0.5"


def test_statements_are_run_and_undone_to_the_same_schema(tmp_path: Path, url: str):
    before = schema(tmp_path, url)
    applied = put(
        tmp_path, url, ADD_TABLE, ADD_COLUMN, ADD_RATE, 'CREATE INDEX "ix name" ON public.users (lower(name))'
    )
    assert applied.before.differences(applied.after)
    assert applied.roll_back().left == ()
    assert schema(tmp_path, url) == before
    assert rows(url, "SELECT count(*) FROM users") == [(2,)]


@pytest.mark.parametrize(
    "column",
    [
        "j JSON DEFAULT '{}' NOT NULL",
        "j JSONB DEFAULT '{\"a\": 1}'",
        "u UUID DEFAULT gen_random_uuid()",
        "t TEXT",
        "n INT",
    ],
)
def test_a_column_of_any_type_is_undone(tmp_path: Path, url: str, column: str):
    before = schema(tmp_path, url)
    undone = put(tmp_path, url, f"ALTER TABLE users ADD COLUMN {column}").roll_back()
    if column.startswith("u "):
        assert "values were written" in undone.left[0], "each row got another, so nobody can tell"
    else:
        assert (undone.left, schema(tmp_path, url)) == ((), before)


def test_objects_of_another_schema_are_undone(tmp_path: Path, url: str):
    with psycopg.connect(url.replace("+asyncpg", "")) as database:
        database.execute("CREATE SCHEMA shop")
        database.execute("CREATE TABLE shop.orders (id int)")
    applied = put(
        tmp_path,
        url,
        "CREATE TABLE shop.lines (id INTEGER)",
        "CREATE INDEX ix_orders ON shop.orders (id)",
        "ALTER TABLE shop.orders ADD COLUMN n INTEGER",
    )
    assert {"table shop.lines", "index shop.orders.ix_orders", "column shop.orders.n"} <= set(
        applied.after.databases[url].objects
    )
    assert applied.roll_back().left == ()
    assert rows(url, "SELECT count(*) FROM pg_indexes WHERE indexname = 'ix_orders'") == [(0,)]


def test_either_all_statements_take_effect_or_none(tmp_path: Path, url: str):
    before = schema(tmp_path, url)
    with pytest.raises(DatabaseFailedError, match="does not exist"):
        put(tmp_path, url, ADD_TABLE, "CREATE INDEX ix ON users (nothing)")
    assert schema(tmp_path, url) == before


def test_an_index_made_concurrently_is_undone(tmp_path: Path, url: str):
    before = schema(tmp_path, url)
    applied = put(tmp_path, url, "CREATE INDEX CONCURRENTLY ix ON users (name)", outside=True)
    assert applied.roll_back().left == ()
    assert schema(tmp_path, url) == before


def test_an_index_that_failed_half_way_is_not_left_behind_invalid(tmp_path: Path, url: str):
    before = schema(tmp_path, url)
    with pytest.raises(DatabaseFailedError, match="could not create unique index"):
        put(tmp_path, url, "CREATE UNIQUE INDEX CONCURRENTLY ix ON users (name)", outside=True)
    assert rows(url, "SELECT count(*) FROM pg_class WHERE relname = 'ix'") == [(0,)]
    assert schema(tmp_path, url) == before


def test_several_steps_on_one_database_are_undone_together(tmp_path: Path, url: str):
    changes = (
        SqlChange(database=url, statements=(ADD_TABLE,)),
        SqlChange(
            database=url, statements=("CREATE INDEX CONCURRENTLY ix ON tasks (owner)",), outside_transaction=True
        ),
    )
    before = schema(tmp_path, url)
    applied = apply_plan(tmp_path, make_plan(sql=changes), mode=Commit(), backup_dir=tmp_path / "backups")
    assert "index tasks.ix" in schema(tmp_path, url)
    assert applied.roll_back().left == ()
    assert schema(tmp_path, url) == before


def test_a_database_is_made_filled_and_dropped_again(tmp_path: Path, name: str):
    url = f"{SERVER}/{name}"
    changes = (
        SqlChange(database=f"{SERVER}/postgres", statements=(f"CREATE DATABASE {name}",), outside_transaction=True),
        SqlChange(database=url, statements=("CREATE TABLE notes (id SERIAL, text VARCHAR)",)),
    )
    applied = apply_plan(tmp_path, make_plan(sql=changes), mode=Commit(), backup_dir=tmp_path / "backups")
    assert rows(url, "SELECT count(*) FROM notes") == [(0,)]
    assert applied.roll_back().left == ()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_a_database_is_made_from_its_own_address(tmp_path: Path, name: str):
    applied = put(tmp_path, f"{SERVER}/{name}", f"CREATE DATABASE {name}")
    assert rows(f"{SERVER}/{name}", "SELECT 1") == [(1,)]
    assert applied.roll_back().left == ()


def test_a_database_with_tables_of_others_stays(tmp_path: Path, name: str):
    applied = put(tmp_path, f"{SERVER}/postgres", f"CREATE DATABASE {name}")
    rows_url = f"{SERVER}/{name}"
    with psycopg.connect(rows_url) as database:
        database.execute("CREATE TABLE theirs (id int)")
    assert applied.roll_back().left[0] == f"database {name} stays: it holds tables"
    assert rows(rows_url, "SELECT count(*) FROM theirs") == [(0,)]


@pytest.mark.parametrize(
    ("write", "kept"),
    [
        ("INSERT INTO tasks (owner) VALUES (1)", "table tasks stays"),
        ("UPDATE users SET rate = 2 WHERE id = 1", "column users.rate stays"),
    ],
)
def test_what_was_written_since_stays_and_is_named(tmp_path: Path, url: str, write: str, kept: str):
    applied = put(tmp_path, url, ADD_TABLE, ADD_RATE)
    with psycopg.connect(url.replace("+asyncpg", "")) as database:
        database.execute(write)
    assert kept in applied.roll_back().left[0]


def test_a_lock_is_not_waited_for_long_and_nothing_is_left(tmp_path: Path, url: str, monkeypatch):
    monkeypatch.setattr("naosu.actions.apply_fix.databases.LOCK_TIMEOUT_S", 1)
    before = schema(tmp_path, url)
    with psycopg.connect(url.replace("+asyncpg", "")) as other:
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with pytest.raises((DatabaseFailedError, PlanFailedError), match="lock timeout"):
            put(tmp_path, url, ADD_RATE)
    assert schema(tmp_path, url) == before


def test_a_percent_sign_is_no_parameter(tmp_path: Path, url: str):
    put(tmp_path, url, "CREATE TABLE p (a TEXT DEFAULT '100%s', CHECK (a <> '%(x)s'))")
    assert "'100%s'" in schema(tmp_path, url)["column p.a"]


def test_a_server_that_cannot_be_reached_is_an_error_without_the_password(tmp_path: Path):
    with pytest.raises(DatabaseFailedError) as caught:
        put(tmp_path, "postgresql://u:hunter2@127.0.0.1:1/d", ADD_TABLE)
    assert "hunter2" not in str(caught.value)
    assert caught.value.retryable


def test_what_a_process_that_died_left_running_is_ended(tmp_path: Path, url: str):
    applied = put(tmp_path, url, ADD_TABLE)
    with psycopg.connect(url.replace("+asyncpg", ""), application_name=applied.folder.name) as orphan:
        orphan.execute("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE")
        assert applied.roll_back().left == ()
        with pytest.raises(psycopg.OperationalError):
            orphan.execute("SELECT 1")
