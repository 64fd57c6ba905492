import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.actions.apply_fix.additions import Kind, additions_of
from naosu.actions.apply_fix.errors import PlanRefusedError

ADDS = [
    ("sqlite", "CREATE TABLE t (id INTEGER NOT NULL, PRIMARY KEY (id))", Kind.TABLE),
    ("sqlite", "create table if not exists t (a VARCHAR(20) CHECK (length(a) > 2), b REAL) strict", Kind.TABLE),
    ("sqlite", "CREATE TABLE t (b REAL DEFAULT (1 + 2))", Kind.TABLE),
    ("postgresql", "CREATE TABLE public.t (id SERIAL NOT NULL, tags VARCHAR[], rate NUMERIC(10, 2))", Kind.TABLE),
    (
        "postgresql",
        'CREATE TABLE "order" (id INT, FOREIGN KEY(id) REFERENCES "user" (id) ON DELETE SET NULL ON UPDATE CASCADE)',
        Kind.TABLE,
    ),
    ("mysql", "CREATE TABLE t (id INT(11) AUTO_INCREMENT, KEY ix_a (id), PRIMARY KEY (id)) ENGINE=InnoDB", Kind.TABLE),
    ("postgresql", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ix ON t USING btree (lower(a))", Kind.INDEX),
    ("postgresql", "CREATE INDEX ix ON ONLY t (a) WHERE b IS NULL", Kind.INDEX),
    ("sqlite", 'CREATE INDEX "ix t" ON "t" ("a" DESC);', Kind.INDEX),
    ("sqlite", "ALTER TABLE t ADD COLUMN a VARCHAR(9)", Kind.COLUMN),
    ("sqlite", "ALTER TABLE t ADD a BOOLEAN NOT NULL DEFAULT 1", Kind.COLUMN),
    ("postgresql", "ALTER TABLE t ADD COLUMN a TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL", Kind.COLUMN),
    ("postgresql", "CREATE DATABASE notes ENCODING 'UTF8' TEMPLATE template0 OWNER someone", Kind.DATABASE),
    ("mysql", "CREATE DATABASE `notes` CHARACTER SET utf8mb4", Kind.DATABASE),
    ("sqlite", "PRAGMA journal_mode=WAL", Kind.JOURNAL_MODE),
    ("sqlite", "pragma journal_mode(truncate)", Kind.JOURNAL_MODE),
    ("postgresql", "ANALYZE t", Kind.ANALYZE),
    ("sqlite", "UPDATE alembic_version SET version_num='b2' WHERE alembic_version.version_num = 'a1'", Kind.MARK),
    ("sqlite", "INSERT INTO alembic_version (version_num) VALUES ('a1') RETURNING version_num", Kind.MARK),
    ("sqlite", "DELETE FROM alembic_version WHERE version_num = 'a1'", Kind.MARK),
    (
        "sqlite",
        """INSERT INTO "django_migrations" ("app", "name", "applied") VALUES ('shop', '0002', '2026-01-01 00:00')""",
        Kind.MARK,
    ),
]  # fmt: skip

MORE_THAN_ADDS = [
    "DROP TABLE t",
    "DROP INDEX ix",
    "TRUNCATE t",
    "DELETE FROM t",
    "UPDATE t SET a = 1",
    "INSERT INTO t VALUES (1)",
    "SELECT pg_terminate_backend(1)",
    "GRANT ALL ON t TO public",
    "CREATE TABLE t AS SELECT * FROM users",
    "CREATE TABLE t (a INT) AS SELECT 1",
    "CREATE TABLE t (a INT DEFAULT (SELECT 1))",
    "CREATE TABLE t (a INT DEFAULT pg_sleep(10))",
    'CREATE TABLE t (a INT DEFAULT "pg_sleep"(10))',
    "CREATE TABLE t (a INT) INHERITS (users)",
    "CREATE TEMP TABLE t (a INT)",
    "CREATE TABLE t (a INT",
    "CREATE TABLE t (a INT))",
    "CREATE TABLE t (a INT); DROP TABLE users",
    "CREATE TABLE t (a INT) -- DROP",
    "CREATE TABLE t (a INT /* ! */)",
    "CREATE TABLE t (a INT DEFAULT $$x$$)",
    "CREATE TABLE t (a TEXT DEFAULT 'it\\'s')",
    "CREATE TABLE t (a TEXT DEFAULT E'x')",
    "CREATE OR REPLACE FUNCTION f() RETURNS INT",
    "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM t",
    "CREATE VIEW v AS SELECT 1",
    "CREATE INDEX ON t (a)",
    "CREATE INDEX ix ON t (nasty(a))",
    "CREATE INDEX ix ON t (a) WHERE pg_sleep(1) IS NULL",
    "ALTER TABLE t DROP COLUMN a",
    "ALTER TABLE t RENAME TO u",
    "ALTER TABLE t ADD COLUMN a INT, DROP COLUMN b",
    "ALTER TABLE t ADD COLUMN a INT NOT NULL",
    "ALTER TABLE t ADD COLUMN a INT NOT NULL DEFAULT NULL",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 1)",
    "ALTER TABLE t ADD UNIQUE (a)",
    "ALTER TABLE t ALTER COLUMN a TYPE INT",
    "ALTER TABLE IF EXISTS t DROP COLUMN a",
    "CREATE DATABASE x LOCATION '/'",
    "CREATE DATABASE x WITH (SELECT 1)",
    "ANALYZE VERBOSE t",
    "VACUUM",
    "COPY t FROM PROGRAM 'sh'",
    "ATTACH DATABASE 'x' AS y",
    "UPDATE alembic_version SET version_num = 'b'",
    "UPDATE alembic_version SET version_num = (SELECT 1) WHERE version_num = 'a'",
    "DELETE FROM alembic_version",
    "DELETE FROM django_migrations WHERE app = 'x'",
    "INSERT INTO alembic_version (version_num) VALUES ('a'), ('b')",
    "",
    ";",
]


@pytest.mark.parametrize(("backend", "statement", "kind"), ADDS)
def test_what_only_adds_may_run(backend: str, statement: str, kind: Kind):
    (addition,) = additions_of([statement], backend)
    assert addition.kind is kind


@pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mysql"])
@pytest.mark.parametrize("statement", MORE_THAN_ADDS)
def test_what_does_or_may_do_more_than_add_is_refused(backend: str, statement: str):
    with pytest.raises(PlanRefusedError):
        additions_of([statement], backend)


@pytest.mark.parametrize("pragma", ["journal_mode=OFF", "journal_mode=MEMORY", "writable_schema=1"])
def test_a_pragma_is_refused_unless_it_is_a_journal_mode_that_survives_a_crash(pragma: str):
    with pytest.raises(PlanRefusedError):
        additions_of([f"PRAGMA {pragma}"], "sqlite")


def test_a_string_in_double_quotes_of_mysql_is_not_taken_for_a_name():
    with pytest.raises(PlanRefusedError):
        additions_of(['CREATE TABLE "t" (a INT)'], "mysql")


def test_a_column_that_the_plan_adds_may_be_filled_by_it():
    added, filled = additions_of(
        ["ALTER TABLE orders ADD COLUMN made_at DATETIME", "UPDATE orders SET made_at = CURRENT_TIMESTAMP"], "sqlite"
    )
    assert (added.kind, filled.kind) == (Kind.COLUMN, Kind.FILL)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders SET total = 0",
        "UPDATE orders SET made_at = 1, total = 0",
        "UPDATE orders SET made_at = (SELECT 1)",
        "UPDATE users SET made_at = 1",
    ],
)
def test_no_other_column_may_be_filled(statement: str):
    with pytest.raises(PlanRefusedError):
        additions_of(["ALTER TABLE orders ADD COLUMN made_at DATETIME", statement], "sqlite")


@pytest.mark.parametrize(
    ("statement", "default"),
    [
        ("ALTER TABLE t ADD COLUMN a INT", ""),
        ("ALTER TABLE t ADD COLUMN a INT DEFAULT 5 NOT NULL", "5"),
        ("ALTER TABLE t ADD COLUMN a VARCHAR(3) NOT NULL DEFAULT 'a b'", "'a b'"),
        ("ALTER TABLE t ADD COLUMN a INT DEFAULT (1 + 2) CHECK (a > 0)", "(1 + 2)"),
    ],
)
def test_a_columns_default_is_read_as_it_is_written(statement: str, default: str):
    (addition,) = additions_of([statement], "sqlite")
    assert addition.default == default


MORE_WORDS = ["ON", "FROM", "SELECT", "(", ")", ",", "=", "'x'", ";", "--", "NOT", "NULL", "t", "a", "INT", "DEFAULT"]
WORDS = st.sampled_from(["CREATE", "TABLE", "INDEX", "ALTER", "ADD", "COLUMN", "DROP", "DELETE", "SET", *MORE_WORDS])


@given(st.sampled_from(["sqlite", "postgresql", "mysql"]), st.lists(WORDS, max_size=14))
def test_whatever_is_asked_is_understood_or_refused(backend: str, words: list[str]):
    statement = " ".join(words)
    try:
        (addition,) = additions_of([statement], backend)
    except PlanRefusedError:
        return
    assert addition.kind in (Kind.TABLE, Kind.INDEX, Kind.COLUMN)
    assert "DROP" not in words
    assert "SELECT" not in words
