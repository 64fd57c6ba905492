"""SQL of the tree that may be run: it only adds."""

import pytest

from naosu.fixers.database.scripts import additive, split_statements


def test_statements_are_split_outside_quotes_and_comments():
    text = "-- a; b\nINSERT INTO t VALUES ('x;y'); /* ; */ CREATE FUNCTION f() AS $$ begin; end $$;"
    assert list(split_statements(text)) == ["INSERT INTO t VALUES ('x;y')", "CREATE FUNCTION f() AS $$ begin; end $$"]


def test_columns_tables_and_their_fillings_are_additions():
    script = additive(
        "1.sql", ["BEGIN", "ALTER TABLE users ADD COLUMN age INTEGER", "UPDATE users SET age = 1", "COMMIT"]
    )
    assert script is not None
    assert script.columns == {("users", "age")}
    assert script.statements == ("ALTER TABLE users ADD COLUMN age INTEGER", "UPDATE users SET age = 1")


@pytest.mark.parametrize(
    "statement",
    ["DROP TABLE users", "ALTER TABLE users DROP COLUMN a", "ALTER TABLE users RENAME COLUMN a TO b", "DELETE FROM users",  # noqa: E501
     "UPDATE users SET name = ''", "ALTER TABLE users ADD COLUMN a INT, DROP COLUMN b", "ALTER TABLE users ADD CONSTRAINT c CHECK (a > 0)"],  # noqa: E501
)  # fmt: skip
def test_what_does_more_than_add_is_not_run(statement: str):
    assert additive("1.sql", ["CREATE TABLE fine (id INT)", statement]) is None
