import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from naosu.actions.apply_fix import (
    Applied,
    Commit,
    PlanFailedError,
    PlanRefusedError,
    PlanVoidError,
    apply_plan,
    state_of,
)
from naosu.actions.apply_fix.additions import Addition, Kind
from naosu.actions.apply_fix.databases import DatabaseFailedError, database_state
from naosu.actions.apply_fix.sqlite_database import run
from naosu.domain.repair import FileEdit, SqlChange

from .world import APP, make_database, make_plan, make_tree, run_sql, sql_plan, title_edit

URL = "sqlite:///shop.db"
ADD_COLUMN = "ALTER TABLE users ADD COLUMN is_active BOOLEAN DEFAULT 1 NOT NULL"
ADD_TABLE = "CREATE TABLE tasks (id INTEGER NOT NULL, title VARCHAR(20), PRIMARY KEY (id))"
ADD_INDEX = "CREATE INDEX ix_users_name ON users (name)"
WAL = "PRAGMA journal_mode=WAL"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = make_tree(tmp_path)
    make_database(source / "shop.db")
    return source


def put(source: Path, *statements: str, database: str = URL) -> Applied:
    return apply_plan(source, sql_plan(database, *statements), mode=Commit(), backup_dir=source.parent / "backups")


def schema(source: Path) -> dict[str, str]:
    return database_state(SqlChange(database=URL, statements=()), source).objects


def test_statements_are_run_and_undone_to_the_same_schema_and_rows(source: Path):
    before, dump = schema(source), run_sql(source / "shop.db", "SELECT * FROM users")
    applied = put(source, ADD_COLUMN, ADD_INDEX, ADD_TABLE, WAL, "ANALYZE")
    assert run_sql(source / "shop.db", "SELECT is_active FROM users") == [(1,), (1,)]
    assert schema(source)["journal_mode"] == "wal"
    assert applied.before.differences(applied.after)
    undone = applied.roll_back()
    assert undone.left == ()
    assert undone.now == applied.before
    assert schema(source) == before
    assert run_sql(source / "shop.db", "SELECT * FROM users") == dump


@pytest.mark.parametrize("statement", [ADD_COLUMN, ADD_INDEX, ADD_TABLE, WAL, "ANALYZE"])
def test_each_kind_of_statement_is_undone_alone(source: Path, statement: str):
    before = schema(source)
    assert put(source, statement).roll_back().left == ()
    assert schema(source) == before


def test_urls_of_other_drivers_and_absolute_paths_are_the_same_file(source: Path):
    put(source, ADD_COLUMN, database=f"sqlite+aiosqlite:///{source}/shop.db")
    assert "column users.is_active" in schema(source)


def test_a_database_that_did_not_exist_is_made_and_removed_again(source: Path):
    applied = put(source, ADD_TABLE, WAL, database="sqlite:///new.db")
    assert (source / "new.db").exists()
    assert applied.roll_back().left == ()
    assert not list(source.glob("new.db*"))


def test_either_all_statements_take_effect_or_none(source: Path):
    before = schema(source)
    with pytest.raises(DatabaseFailedError, match="no such column"):
        put(source, ADD_TABLE, "CREATE INDEX ix_bad ON users (nowhere)")
    assert schema(source) == before


def test_when_a_database_refuses_no_file_is_changed(source: Path):
    change = SqlChange(database=URL, statements=("CREATE INDEX ix_bad ON users (nowhere)",))
    with pytest.raises(DatabaseFailedError):
        apply_plan(source, make_plan(title_edit(), sql=(change,)), mode=Commit(), backup_dir=source.parent / "backups")
    assert (source / "app.py").read_text() == APP


def test_when_a_file_cannot_be_written_the_database_is_as_it_was(source: Path):
    before = schema(source)
    impossible = FileEdit(path="app.py/x.py", before=None, after="x")
    plan = make_plan(title_edit(), impossible, sql=(SqlChange(database=URL, statements=(ADD_TABLE,)),))
    with pytest.raises(PlanFailedError) as caught:
        apply_plan(source, plan, mode=Commit(), backup_dir=source.parent / "backups")
    assert caught.value.left == ()
    assert (source / "app.py").read_text() == APP
    assert schema(source) == before


def test_rows_that_were_written_to_a_new_table_keep_it_and_that_is_said(source: Path):
    applied = put(source, ADD_TABLE)
    run_sql(source / "shop.db", "INSERT INTO tasks (title) VALUES ('theirs')")
    undone = applied.roll_back()
    assert undone.left[0] == "table tasks stays: rows were written to it"
    assert run_sql(source / "shop.db", "SELECT title FROM tasks") == [("theirs",)]


def test_values_that_were_written_to_a_new_column_keep_it_and_that_is_said(source: Path):
    applied = put(source, ADD_COLUMN)
    run_sql(source / "shop.db", "UPDATE users SET is_active = 0 WHERE id = 2")
    undone = applied.roll_back()
    assert undone.left[0] == "column users.is_active stays: values were written to it"
    assert run_sql(source / "shop.db", "SELECT is_active FROM users ORDER BY id") == [(1,), (0,)]


def test_rows_that_were_written_elsewhere_are_kept_and_the_schema_goes_back(source: Path):
    before = schema(source)
    applied = put(source, ADD_COLUMN)
    run_sql(source / "shop.db", "INSERT INTO users (name) VALUES ('Cleo')")
    assert applied.roll_back().left == ()
    assert schema(source) == before
    assert run_sql(source / "shop.db", "SELECT count(*) FROM users") == [(3,)]


def test_a_column_filled_by_the_plan_is_undone(source: Path):
    before = schema(source)
    applied = put(
        source, "ALTER TABLE users ADD COLUMN made_at DATETIME", "UPDATE users SET made_at = CURRENT_TIMESTAMP"
    )
    assert run_sql(source / "shop.db", "SELECT count(*) FROM users WHERE made_at IS NOT NULL") == [(2,)]
    assert applied.roll_back().left == ()
    assert schema(source) == before


FILL = ("ALTER TABLE users ADD COLUMN token TEXT", "UPDATE users SET token = hex(randomblob(8))")


def test_what_no_inverse_can_tell_apart_is_restored_from_the_copy_while_nothing_was_written_since(source: Path):
    before, rows = schema(source), run_sql(source / "shop.db", "SELECT * FROM users")
    assert put(source, *FILL).roll_back().left == ()
    assert (schema(source), run_sql(source / "shop.db", "SELECT * FROM users")) == (before, rows)


def test_once_something_was_written_since_the_copy_is_not_restored(source: Path):
    applied = put(source, *FILL)
    run_sql(source / "shop.db", "INSERT INTO users (name) VALUES ('Cleo')")
    assert "column users.token stays" in applied.roll_back().left[0]
    assert run_sql(source / "shop.db", "SELECT count(*), count(token) FROM users") == [(3, 2)]


def test_marks_of_migrations_are_moved_and_moved_back(source: Path):
    run_sql(source / "shop.db", "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
            "INSERT INTO alembic_version VALUES ('a1')")  # fmt: skip
    applied = put(
        source,
        ADD_COLUMN,
        "UPDATE alembic_version SET version_num='b2' WHERE alembic_version.version_num = 'a1'",
    )
    assert run_sql(source / "shop.db", "SELECT * FROM alembic_version") == [("b2",)]
    assert applied.roll_back().left == ()
    assert run_sql(source / "shop.db", "SELECT * FROM alembic_version") == [("a1",)]


def test_the_first_migration_ever_is_undone_with_its_table(source: Path):
    applied = put(
        source,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, PRIMARY KEY (version_num))",
        ADD_TABLE,
        "INSERT INTO alembic_version (version_num) VALUES ('a1')",
    )
    assert applied.roll_back().left == ()
    assert "table alembic_version" not in schema(source)


def test_what_another_made_in_the_meantime_voids_the_plan(source: Path, monkeypatch):
    plan = sql_plan(URL, ADD_TABLE)
    before = state_of(source, plan).databases[URL]
    run_sql(source / "shop.db", "CREATE TABLE theirs (id INTEGER)")
    with pytest.raises(PlanVoidError):
        run(source / "shop.db", [Addition(kind=Kind.TABLE, statement=ADD_TABLE, table="tasks")], before)
    assert "table tasks" not in schema(source)


def test_a_database_that_others_write_to_is_waited_for_and_not_harmed(source: Path, monkeypatch):
    monkeypatch.setattr("naosu.actions.apply_fix.sqlite_database.BUSY_TIMEOUT_S", 0.05)
    with closing(sqlite3.connect(source / "shop.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseFailedError, match="locked"):
            put(source, ADD_TABLE)
        other.execute("INSERT INTO users (name) VALUES ('Cleo')")
        other.execute("COMMIT")
    assert put(source, ADD_TABLE).roll_back().left == ()
    assert run_sql(source / "shop.db", "SELECT count(*) FROM users") == [(3,)]


def test_a_journal_mode_that_cannot_be_put_back_is_named(source: Path, monkeypatch):
    monkeypatch.setattr("naosu.actions.apply_fix.sqlite_database.BUSY_TIMEOUT_S", 0.05)
    applied = put(source, WAL)
    with closing(sqlite3.connect(source / "shop.db")) as other:
        other.execute("SELECT * FROM users").fetchall()
        undone = applied.roll_back()
    assert any("journal_mode: delete is wal" in line for line in undone.left)


def test_the_backup_is_what_the_database_was_with_its_write_ahead_log(source: Path):
    with closing(sqlite3.connect(source / "shop.db")) as other:
        other.execute(WAL)
        other.execute("INSERT INTO users (name) VALUES ('Cleo')")
        other.commit()
        applied = put(source, ADD_TABLE)
        (copy,) = applied.folder.glob("*.sqlite")
        assert run_sql(copy, "SELECT count(*) FROM users") == [(3,)]
        assert copy.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "database", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true", "oracle://h/d", "?"]
)
def test_what_is_no_database_of_a_known_kind_is_refused(source: Path, database: str):
    with pytest.raises(PlanRefusedError):
        put(source, ADD_TABLE, database=database)


@pytest.mark.parametrize(
    "statement",
    ["DROP TABLE users", "DELETE FROM users", "UPDATE users SET name = 'x'", "ATTACH DATABASE 'x' AS y",
     "INSERT INTO users VALUES (9, 'x')", "CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM users; END"],
)  # fmt: skip
def test_behind_the_reader_of_statements_sqlite_itself_refuses(source: Path, statement: str):
    before, rows = schema(source), run_sql(source / "shop.db", "SELECT * FROM users")
    with pytest.raises(DatabaseFailedError, match="not authorized"):
        run(source / "shop.db", [Addition(kind=Kind.TABLE, statement=statement)], None)
    assert (schema(source), run_sql(source / "shop.db", "SELECT * FROM users")) == (before, rows)


def test_rolling_back_twice_is_harmless(source: Path):
    applied = put(source, ADD_COLUMN, ADD_TABLE)
    assert applied.roll_back().left == applied.roll_back().left == ()
