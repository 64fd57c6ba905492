"""A small application in a folder of its own, with git and a database, and plans that change it."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from naosu.domain.repair import FileEdit, Plan, PlanKind, Proof, Risk, SqlChange

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"
MENDED = f"{APP}app.title = 'mended'\n"


def git(source: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(["git", *who, *arguments], cwd=source, check=True, capture_output=True, text=True)
    return done.stdout


def make_tree(folder: Path) -> Path:
    source = folder / "shop"
    (source / "routes").mkdir(parents=True)
    (source / "app.py").write_text(APP)
    (source / "routes/orders.py").write_text("ORDERS = []\n")
    (source / ".gitignore").write_text(".env\n*.db*\n")
    return source


def make_repository(folder: Path) -> Path:
    source = make_tree(folder)
    git(source, "init", "-q", "-b", "main")
    git(source, "add", ".")
    git(source, "commit", "-qm", "Begin")
    return source


def make_database(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("INSERT INTO users VALUES (1, 'Ada'), (2, 'Ben')")
        connection.commit()
    return path


def run_sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = [connection.execute(statement).fetchall() for statement in statements]
        connection.commit()
    return rows[-1]


def make_plan(*edits: FileEdit, sql: tuple[SqlChange, ...] = ()) -> Plan:
    return Plan(
        kind=PlanKind.CODE if edits else PlanKind.SQL,
        summary="Mend the title",
        explanation="It was missing.",
        risk=Risk.LOW,
        proof=Proof(text="It is there."),
        undo="The title is taken away.",
        edits=edits,
        sql=sql,
    )


def title_edit() -> FileEdit:
    return FileEdit(path="app.py", before=APP, after=MENDED)


def secret_edit() -> FileEdit:
    return FileEdit(path=".env", before=None, after="JWT_SECRET_KEY=abc\n", is_secret=True)


def sql_plan(database: str, *statements: str, outside: bool = False) -> Plan:
    return make_plan(sql=(SqlChange(database=database, statements=statements, outside_transaction=outside),))
