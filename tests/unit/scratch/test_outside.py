import sqlite3

import pytest

from naosu.scratch.outside import OutsideFiles
from naosu.scratch.variables import database_variables

URL = "postgresql://shop@db:5432/shop"


@pytest.fixture
def source(tmp_path):
    (tmp_path / "source").mkdir()
    return tmp_path / "source"


@pytest.fixture
def database(tmp_path):
    (tmp_path / "var").mkdir()
    with sqlite3.connect(tmp_path / "var" / "app.db") as connection:
        connection.execute("CREATE TABLE t (x)")
    return tmp_path / "var" / "app.db"


def test_a_database_that_was_given_is_copied(source, database, tmp_path):
    outside = OutsideFiles(source, [f"sqlite:///{database}"])
    assert outside.copy(tmp_path / "copies") == [(str(tmp_path / "copies" / "0"), str(database.parent))]
    assert (tmp_path / "copies" / "0" / "app.db").exists()


@pytest.mark.parametrize("text", ['engine("sqlite:///{}")', 'NAME = "{}"', "url: sqlite+aiosqlite:///{}"])
def test_a_database_that_the_source_names_is_copied(source, database, text):
    (source / "settings.py").write_text(text.format(database))
    assert OutsideFiles(source, []).files == [database]


def test_one_that_the_application_will_make_gets_a_place(source, tmp_path):
    (source / "db.py").write_text(f'create_engine("sqlite:///{tmp_path}/var/new.db")')
    outside = OutsideFiles(source, [])
    assert outside.copy(tmp_path / "copies") == [(str(tmp_path / "copies" / "0"), f"{tmp_path}/var")]


def test_other_files_that_the_source_names_are_not_copied(source, tmp_path):
    (tmp_path / "secret.txt").write_text("x")
    (source / "settings.py").write_text(f'PATH = "{tmp_path}/secret.txt"')
    assert OutsideFiles(source, []).files == []


@pytest.mark.parametrize("path", ["/etc/app.db", "/usr/share/app.db", "/app.db"])
def test_the_systems_own_folders_are_never_replaced(source, path):
    assert OutsideFiles(source, [f"sqlite:///{path}"]).files == []


def test_a_database_inside_of_the_source_is_no_outside_file(source):
    assert OutsideFiles(source, [f"sqlite:///{source}/app.db"]).files == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('url = os.environ["DATABASE_URL"]', "DATABASE_URL"),
        ('url = os.getenv("SHOP_PG_DSN", "x")', "SHOP_PG_DSN"),
        ("class Settings(BaseSettings):\n    database_url: str\n", "DATABASE_URL"),
    ],
)
def test_the_variable_that_leads_to_the_database_is_set(source, text, name):
    (source / "app.py").write_text(text)
    assert database_variables(source, [URL], {}) == {name: URL}


def test_other_variables_are_not_set(source):
    (source / "app.py").write_text('x = os.environ["REDIS_URL"], os.environ["API_KEY"], os.environ["DATABASE"]')
    assert database_variables(source, [URL], {}) == {}


def test_what_the_applications_own_file_sets_is_left_to_it(source):
    (source / "app.py").write_text('url = os.environ["DATABASE_URL"]')
    (source / ".env").write_text("export DATABASE_URL=postgresql://other/x\n")
    assert database_variables(source, [URL], {}) == {}


def test_a_variable_that_already_names_the_same_server_keeps_its_value(source):
    (source / "app.py").write_text('url = os.environ["PG_URL"] + "/shop"')
    assert database_variables(source, [URL], {"PG_URL": "postgresql://shop@db:5432"}) == {
        "PG_URL": "postgresql://shop@db:5432"
    }


def test_a_variable_that_names_another_server_is_not_inherited(source):
    (source / "app.py").write_text('url = os.environ["PG_URL"]')
    assert database_variables(source, [URL], {"PG_URL": "postgresql://real:5432/shop"}) == {"PG_URL": URL}
