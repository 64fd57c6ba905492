"""Fixers that compare models with databases, asked in an application's own interpreter (NAOSU_FAULT_PYTHON)."""

import sqlite3
from pathlib import Path

import pytest
from faults import crash_log, found, only_plan, write
from workplace import FAULT_PYTHON

from naosu.domain.repair import PlanKind
from naosu.fixers.database.database_missing_column.fixer import MissingColumn
from naosu.fixers.database.database_tables_not_created.fixer import TablesNotCreated

pytestmark = pytest.mark.skipif(
    not FAULT_PYTHON, reason="NAOSU_FAULT_PYTHON names no interpreter of faulty applications"
)

MODELS = """
    from sqlalchemy import String, create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

    engine = create_engine("sqlite:///app.db")
    Session = sessionmaker(engine)


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        {column}
"""
NO_COLUMN = "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such column: users.{name}"
NO_TABLE = "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such table: {name}"


def application(root: Path, column: str, *, old: str = "email VARCHAR(200) NOT NULL", models: str = MODELS) -> Path:
    text = models.replace("{column}", column)
    root = write(
        root,
        {
            "models.py": text,
            "app.py": "from models import Session, User\n\nwith Session() as db:\n    db.get(User, 1)\n",
        },
    )
    with sqlite3.connect(root / "app.db") as database:
        database.execute(f"CREATE TABLE users (id INTEGER PRIMARY KEY, {old})")
        database.execute("INSERT INTO users VALUES (1, 'a@x')")
    return root


def missing(root: Path, name: str):
    return found(MissingColumn(), root, crash_log(root, "app.py:db.get", NO_COLUMN.format(name=name)))


@pytest.mark.parametrize(
    ("column", "statement"),
    [
        ("email: Mapped[str]\n        active: Mapped[bool] = mapped_column(default=True)", "active BOOLEAN DEFAULT 1 NOT NULL"),  # noqa: E501
        ("email: Mapped[str]\n        active: Mapped[str | None]", "active VARCHAR"),
        ("email: Mapped[str]\n        active: Mapped[int] = mapped_column(server_default='3')", "active INTEGER DEFAULT '3' NOT NULL"),  # noqa: E501
    ],
    ids=["model's default", "nullable", "server default"],
)  # fmt: skip
def test_a_column_is_added_as_its_model_declares_it(tmp_path: Path, column: str, statement: str):
    plan = only_plan(missing(application(tmp_path, column), "active"))
    assert plan.kind is PlanKind.SQL
    (change,) = plan.sql
    assert change.database == "sqlite:///app.db"
    assert change.statements == (f"ALTER TABLE users ADD COLUMN {statement}",)
    assert change.undo == ("ALTER TABLE users DROP COLUMN active",)


@pytest.mark.parametrize(
    ("column", "old"),
    [
        ("full_email: Mapped[str | None]", "email VARCHAR(200)"),
        ("login: Mapped[str | None]", "email VARCHAR(200) NOT NULL"),
        ("email: Mapped[str]\n        login: Mapped[str]", "email VARCHAR(200) NOT NULL"),
    ],
    ids=["looks renamed", "the old one must be given", "no value for rows that exist"],
)
def test_a_column_that_a_person_has_to_decide_about_is_not_added(tmp_path: Path, column: str, old: str):
    root = application(tmp_path, column, old=old)
    (finding,) = missing(root, column.split(":")[-2].rsplit(maxsplit=1)[-1])
    assert not finding.plans
    assert finding.diagnosis.options


def test_a_script_of_the_tree_that_does_exactly_that_comes_first(tmp_path: Path):
    root = application(tmp_path, "email: Mapped[str]\n        age: Mapped[int | None]")
    write(
        root,
        {
            "sql/1_down.sql": "ALTER TABLE users DROP COLUMN age;",
            "sql/1_up.sql": "ALTER TABLE users ADD COLUMN age INTEGER;",
        },
    )
    (finding,) = missing(root, "age")
    assert "sql/1_up.sql" in finding.plans[0].summary
    assert len(finding.plans) == 2


def test_a_column_that_no_model_has_is_not_ours(tmp_path: Path):
    assert not missing(application(tmp_path, "email: Mapped[str]"), "nickname")


def tables(root: Path, place: str, name: str = "users"):
    return found(TablesNotCreated(), root, crash_log(root, place, NO_TABLE.format(name=name)))


def test_a_function_that_makes_tables_and_is_never_called_is_called(tmp_path: Path):
    root = write(tmp_path, {
        "db.py": MODELS.replace("{column}", "email: Mapped[str]") + "\n\n    def make_tables():\n        Base.metadata.create_all(engine)\n",  # noqa: E501
        "app.py": """
            from fastapi import FastAPI

            import db

            app = FastAPI()


            @app.get("/")
            def users():
                return db.Session().query(db.User).count()
        """,
    })  # fmt: skip
    plan = only_plan(tables(root, "app.py:count()"))
    assert [line for line in plan.diff().splitlines() if line.startswith("+") and "(" in line] == ["+db.make_tables()"]


def test_an_asynchronous_engine_gets_a_lifespan(tmp_path: Path):
    root = write(tmp_path, {"app.py": """
        from fastapi import FastAPI
        from sqlalchemy import func, select
        from sqlalchemy.ext.asyncio import create_async_engine
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

        engine = create_async_engine("sqlite+aiosqlite:///a.db")


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)


        app = FastAPI(title="users")


        @app.get("/")
        async def users():
            async with engine.connect() as connection:
                return (await connection.execute(select(func.count(User.id)))).scalar()
    """})  # fmt: skip
    after = only_plan(tables(root, "app.py:select(func.count")).edits[0].after or ""
    assert 'app = FastAPI(title="users", lifespan=lifespan)' in after
    assert "        await connection.run_sync(Base.metadata.create_all)\n    yield\n" in after


def test_a_database_in_memory_is_kept_in_one_connection(tmp_path: Path):
    root = write(tmp_path, {"app.py": MODELS.replace("{column}", "email: Mapped[str]").replace("/app.db", "/:memory:")
                            + "\n\n    Base.metadata.create_all(engine)\n    Session().query(User).count()\n"})  # fmt: skip  # noqa: E501
    after = only_plan(tables(root, "app.py:count()")).edits[0].after or ""
    assert 'poolclass=StaticPool, connect_args={"check_same_thread": False}' in after


@pytest.mark.parametrize("declared", ['{"info": {"is_view": True}}', '{"schema": "billing"}'], ids=["a view", "another schema"])  # fmt: skip  # noqa: E501
def test_a_table_that_is_kept_elsewhere_is_not_made(tmp_path: Path, declared: str):
    root = write(tmp_path, {"app.py": MODELS.replace("{column}", f"__table_args__ = {declared}")
                            + "\n\n    Session().query(User).count()\n"})  # fmt: skip
    findings = tables(root, "app.py:count()")
    assert not [plan for one in findings for plan in one.plans]


def test_a_table_that_nothing_declares_is_not_ours(tmp_path: Path):
    root = write(
        tmp_path,
        {"app.py": MODELS.replace("{column}", "email: Mapped[str]") + "\n\n    Session().query(User).count()\n"},
    )
    assert not tables(root, "app.py:count()", "invoices")


def test_tables_are_made_inside_the_application_context(tmp_path: Path):
    root = write(tmp_path, {"app.py": """
        from flask import Flask
        from flask_sqlalchemy import SQLAlchemy

        app = Flask(__name__)
        db = SQLAlchemy(app)
        db.create_all()
    """})  # fmt: skip
    log = crash_log(root, "app.py:db.create_all", "RuntimeError: Working outside of application context.")
    after = only_plan(found(TablesNotCreated(), root, log)).edits[0].after or ""
    assert after.endswith("with app.app_context():\n    db.create_all()\n")
