import os
import uuid

import psycopg
import pytest

from naosu.domain.repair import Plan, PlanKind, Proof, Risk, SqlChange

from .conftest import ask

SERVER = os.environ.get("NAOSU_TEST_POSTGRES", "postgresql://postgres@localhost:5432/postgres")
NOTES = """
import os
import psycopg
from fastapi import FastAPI

URL = os.environ["NOTES_DATABASE_URL"]
app = FastAPI()

@app.get("/notes")
def notes():
    with psycopg.connect(URL) as connection:
        return connection.execute("SELECT count(*) FROM notes").fetchone()[0]

@app.post("/notes")
def add():
    with psycopg.connect(URL) as connection:
        connection.execute("INSERT INTO notes (text) VALUES ('x')")

@app.get("/other")
def other():
    try:
        psycopg.connect(URL, dbname="postgres").close()
    except psycopg.Error as error:
        return str(error)
"""


def plan(*statements, database, alone=False):
    change = SqlChange(database=database, statements=statements, outside_transaction=alone)
    return Plan(
        kind=PlanKind.SQL, summary="s", explanation="e", risk=Risk.LOW, proof=Proof(text="t"), undo="u", sql=(change,)
    )  # fmt: skip


@pytest.fixture
def admin():
    try:
        connection = psycopg.connect(SERVER, connect_timeout=3, autocommit=True)
    except psycopg.OperationalError:
        pytest.skip("PostgreSQL is not reachable")
    with connection:
        yield connection


@pytest.fixture
def absent(admin):
    """The URL of a database that does not exist, and is not left behind."""
    name = f"naosu_test_{uuid.uuid4().hex[:8]}"
    yield SERVER.rpartition("/")[0] + f"/{name}"
    admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def notes(admin, absent):
    """The URL of a database with one note."""
    admin.execute(f'CREATE DATABASE "{absent.rpartition("/")[2]}"')
    with psycopg.connect(absent) as connection:
        connection.execute("CREATE TABLE notes (id serial PRIMARY KEY, text text)")
        connection.execute("INSERT INTO notes (text) VALUES ('first')")
    return absent


def scratch_databases(admin):
    return {name for (name,) in admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'naosu_scratch_%'")}


def test_the_application_works_on_a_copy_and_the_real_database_is_left_alone(make, notes):
    seen = make({"main.py": NOTES}, databases=[notes]).observe(ask("POST /notes", "GET /notes"))
    assert [exchange.status for exchange in seen.exchanges] == [200, 200]
    assert seen.exchanges[1].body == b"2"
    assert seen.row_counts == {"notes": 1}
    assert seen.schema == {"notes": {"id": "INTEGER", "text": "TEXT"}}
    assert seen.isolation == ()
    with psycopg.connect(notes) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (1,)


def test_a_database_that_others_use_is_copied_as_well(make, notes):
    with psycopg.connect(notes):
        seen = make({"main.py": NOTES}, databases=[notes]).observe(ask("GET /notes"))
    assert seen.exchanges[0].body == b"1"


def test_other_databases_of_the_server_do_not_exist_for_it(make, notes):
    seen = make({"main.py": NOTES}, databases=[notes]).observe(ask("GET /other"))
    assert b'database \\"postgres\\" does not exist' in seen.exchanges[0].body


def test_a_database_that_does_not_exist_is_missed_as_it_really_is(make, absent):
    seen = make({"main.py": NOTES}, databases=[absent]).observe(ask("GET /notes"))
    assert seen.exchanges[0].status == 500
    assert f'database "{absent.rpartition("/")[2]}" does not exist' in seen.exchanges[0].log


def test_a_plan_that_makes_the_missing_database_makes_a_scratch_one(make, absent, admin):
    name = absent.rpartition("/")[2]
    creating = plan(f'CREATE DATABASE "{name}"', database=SERVER, alone=True)
    seen = make({"main.py": NOTES}, databases=[absent]).observe(ask("GET /notes"), creating)
    assert 'relation "notes" does not exist' in seen.exchanges[0].log
    assert admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None


def test_a_plans_statements_run_on_the_copy(make, notes):
    changing = plan("ALTER TABLE notes ADD COLUMN author text", database=notes)
    seen = make({"main.py": NOTES}, databases=[notes]).observe(ask("GET /notes"), changing)
    assert seen.schema["notes"]["author"] == "TEXT"
    with psycopg.connect(notes) as connection:
        assert len(connection.execute("SELECT * FROM notes").description) == 2


def test_an_index_can_be_made_concurrently(make, notes):
    changing = plan("CREATE INDEX CONCURRENTLY i ON notes (text)", database=notes, alone=True)
    assert make({"main.py": NOTES}, databases=[notes]).observe(ask("GET /notes"), changing).started


@pytest.mark.parametrize(
    ("statement", "alone"),
    [
        ("DROP DATABASE {other}", True),
        ("CREATE DATABASE {other}", True),
        ("DROP DATABASE {other}", False),
        ("ALTER TABLE absent ADD x int", False),
    ],
)
def test_statements_that_reach_further_or_fail_are_refused_and_told(make, notes, admin, statement, alone):
    other = f"naosu_test_{uuid.uuid4().hex[:8]}"
    admin.execute(f"CREATE DATABASE {other}")
    try:
        changing = plan(statement.format(other=other), database=notes, alone=alone)
        seen = make({"main.py": NOTES}, databases=[notes]).observe([], changing)
        assert not seen.started
        assert "SQL was refused" in seen.log
        assert admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [other]).fetchone() == (1,)
    finally:
        admin.execute(f"DROP DATABASE IF EXISTS {other}")


def test_nothing_is_left_on_the_server(make, notes, admin):
    laboratory = make({"main.py": NOTES}, databases=[notes])
    laboratory.observe(ask("GET /notes"))
    own = laboratory._servers._servers[0]._base
    assert {name for name in scratch_databases(admin) if name.startswith(own)} == {own}
    laboratory.close()
    assert not {name for name in scratch_databases(admin) if name.startswith(own)}


def test_a_server_that_fails_meanwhile_is_no_failure_of_ours(make, notes, admin):
    laboratory = make({"main.py": NOTES}, databases=[notes])
    admin.execute(f'DROP DATABASE "{laboratory._servers._servers[0]._base}"')
    seen = laboratory.observe(ask("GET /notes"))
    assert not seen.started
    assert "a scratch database" in seen.log


def test_a_server_that_cannot_be_reached_is_said_to_be_missing(make):
    seen = make({"main.py": NOTES}, databases=["postgresql://x@127.0.0.1:1/shop"]).observe(ask("GET /notes"))
    assert any("shop: no scratch copy" in line for line in seen.isolation)


def test_a_server_of_another_kind_is_said_to_be_missing(make):
    seen = make({"main.py": NOTES}, databases=["mysql://shop:secret@db/shop"]).observe(ask("GET /notes"))
    (line,) = seen.isolation
    assert "mysql on db" in line
    assert "secret" not in line
