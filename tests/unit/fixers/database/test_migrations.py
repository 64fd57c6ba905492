"""Fixers of migrations and of slow queries, asked in an application's own interpreter (NAOSU_FAULT_PYTHON)."""

import sqlite3
from pathlib import Path
from shutil import copytree
from subprocess import run

import pytest
from faults import FIXERS, crash_log, found, only_plan, texts, write
from workplace import FAULT_PYTHON

from naosu.fixers.database.database_alembic_multiple_heads.fixer import AlembicMultipleHeads
from naosu.fixers.database.database_django_migration_not_applied.fixer import DjangoMigrationNotApplied
from naosu.fixers.database.performance_missing_index.fixer import MissingIndex

pytestmark = pytest.mark.skipif(
    not FAULT_PYTHON, reason="NAOSU_FAULT_PYTHON names no interpreter of faulty applications"
)

NO_COLUMN = "django.db.utils.OperationalError: no such column: shop_product.sku"


def test_heads_that_touch_different_tables_are_merged(tmp_path: Path):
    root = copytree(FIXERS / "database/database_alembic_multiple_heads/before", tmp_path / "app")
    before = texts(root)
    error = "alembic.util.exc.CommandError: Multiple head revisions are present for given argument 'head'"
    (edit,) = only_plan(found(AlembicMultipleHeads(), root, crash_log(root, "app.py:command.upgrade", error))).edits
    assert edit.before is None
    assert "('b2', 'c3')" in (edit.after or "")
    assert texts(root) == before


def django(tmp_path: Path) -> Path:
    root = copytree(FIXERS / "database/database_django_migration_not_applied/before", tmp_path / "app")
    run([FAULT_PYTHON, "manage.py", "migrate", "-v0"], cwd=root, check=True)
    return root


def test_the_migration_that_django_would_write_is_written_and_run(tmp_path: Path):
    root = django(tmp_path)
    plan = only_plan(
        found(DjangoMigrationNotApplied(), root, crash_log(root, "site1/urls.py:Product.objects", NO_COLUMN))
    )
    (edit,) = plan.edits
    assert edit.path.startswith("shop/migrations/0002_")
    (change,) = plan.sql
    assert change.statements[0].startswith('ALTER TABLE "shop_product" ADD COLUMN "price"')
    assert change.statements[1] == """ALTER TABLE "shop_product" ADD COLUMN "sku" varchar(20) DEFAULT '' NOT NULL"""
    assert "INSERT INTO django_migrations" in change.statements[-1]
    assert not any("DROP" in statement for statement in change.statements)


@pytest.mark.parametrize(
    "fields",
    ["sku = models.CharField(max_length=20)\n    name = models.CharField(max_length=50)", "sku = models.CharField(max_length=50, default='')"],  # noqa: E501
    ids=["no value for rows that exist", "another field is removed"],
)  # fmt: skip
def test_a_migration_that_needs_an_answer_is_not_written(tmp_path: Path, fields: str):
    root = django(tmp_path)
    write(root, {"shop/models.py": f"from django.db import models\n\n\nclass Product(models.Model):\n    {fields}\n"})
    (finding,) = found(DjangoMigrationNotApplied(), root, crash_log(root, "site1/urls.py:Product.objects", NO_COLUMN))
    assert not finding.plans
    assert finding.diagnosis.options


APPLICATION = """
from fastapi import FastAPI
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine("sqlite:///shop.db")


class Base(DeclarativeBase):
    pass


class Sale(Base):
    __tablename__ = "sales"
    id: Mapped[int] = mapped_column(primary_key=True)
    region: Mapped[str]
    total: Mapped[float]


app = FastAPI()


@app.get("/sales")
def sales():
    with Session(engine) as db:
        return [db.scalar(select(func.count(Sale.id)).where({condition})) for _ in range(25)]
"""
SLOW = 'slow: 1.75 s SELECT count(sales.id) FROM sales WHERE sales.region = ?\nINFO:     127.0.0.1:1 - "GET /sales HTTP/1.1" 200 OK\n'  # noqa: E501


def shop(root: Path, condition: str) -> Path:
    write(root, {"app.py": APPLICATION.replace("{condition}", condition)})
    with sqlite3.connect(root / "shop.db") as database:
        database.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, region VARCHAR NOT NULL, total FLOAT NOT NULL)")
        rows = ((number, f"r{number % 1000}" + "x" * 300, 1.0) for number in range(200_000))
        database.executemany("INSERT INTO sales VALUES (?, ?, ?)", rows)
    return root


def test_an_index_that_helps_is_made_and_written_into_the_model(tmp_path: Path):
    root = shop(tmp_path, 'Sale.region == "r7"')
    plan = only_plan(found(MissingIndex(), root, SLOW))
    (change,) = plan.sql
    assert change.statements[0] == "CREATE INDEX ix_sales_region ON sales (region)"
    assert change.undo == ("DROP INDEX ix_sales_region",)
    assert '__table_args__ = (Index("ix_sales_region", "region"),)' in (plan.edits[0].after or "")


def test_an_index_that_does_not_help_is_not_made(tmp_path: Path):
    assert not found(MissingIndex(), shop(tmp_path, 'func.lower(Sale.region) == "r7"'), SLOW)
