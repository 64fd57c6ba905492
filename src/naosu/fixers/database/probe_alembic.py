# ruff: noqa: BLE001, D103, E501, PLC0415, PLR2004, PLR0917, PLW0108, T201  # a program for the application's own interpreter: whatever fails there is told
# mypy: ignore-errors
"""Say where a database stands among the application's migrations, and what running the pending ones would do.

Runs in a scratch copy with the application's interpreter. A server's database is only read: what migrations would do
there is rendered offline. A SQLite file is this copy's own, and is put back.
"""

import asyncio
import contextlib
import gc
import hashlib
import importlib
import io
import json
import os
import pathlib
import shutil
import sys

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.operations.base import AbstractOperations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

ARGUMENT = json.loads(sys.argv[1])
OPERATIONS = []
ADDING = {"CreateTableOp", "AddColumnOp", "CreateIndexOp", "CreateUniqueConstraintOp", "CreateForeignKeyOp",
          "CreateCheckConstraintOp", "BulkInsertOp", "CreateTableCommentOp"}  # fmt: skip


def config():
    made = Config(ARGUMENT["ini"] or None)
    here = ARGUMENT["location"]
    if ARGUMENT["ini"] and made.get_main_option("script_location"):
        with contextlib.suppress(Exception):
            ScriptDirectory.from_config(made)
            return made
    made.set_main_option("script_location", here)
    return made


def record_operations():
    plain = AbstractOperations.invoke

    def invoke(self, operation):
        OPERATIONS.append(operation)
        return plain(self, operation)

    AbstractOperations.invoke = invoke


def told(operation):
    """Return an operation as plain facts; `refused` says why a person has to look at it."""
    kind = type(operation).__name__
    facts = {"kind": kind, "table": str(getattr(operation, "table_name", None) or getattr(operation, "source_table", "") or ""),
             "column": "", "refused": ""}  # fmt: skip
    if kind == "AddColumnOp":
        facts["column"] = operation.column.name
    elif kind == "AlterColumnOp":
        if operation.modify_type is not None or operation.modify_name is not None or operation.modify_nullable is False:
            facts["refused"] = f"alters {facts['table']}.{operation.column_name}"
    elif kind == "ExecuteSQLOp":
        text = str(operation.sqltext).strip()
        facts["sql"] = text
        if not text.lower().startswith(
            (
                "create index",
                "create unique index",
                "create table",
                "update ",
                "insert ",
                "create extension",
                "create type",
            )
        ):
            facts["refused"] = f"runs {text[:80]}"
    elif kind not in ADDING:
        facts["refused"] = f"{kind.removesuffix('Op')} {facts['table']}".strip()
    return facts


def flask_context():
    """Enter the context that Flask-Migrate's env.py needs."""
    from flask import Flask

    for name in ARGUMENT["modules"]:
        with contextlib.suppress(Exception, SystemExit):
            module = importlib.import_module(name)
            apps = [made for made in gc.get_objects() if isinstance(made, Flask)]
            for factory in ("create_app", "make_app", "build_app", "get_app"):
                if not apps and callable(getattr(module, factory, None)):
                    apps.append(getattr(module, factory)())
            if apps:
                apps[0].app_context().push()
                return


def current(text):
    url = sa.engine.make_url(text)

    def read(connection):
        return list(MigrationContext.configure(connection).get_current_heads())

    if url.get_dialect().is_async:
        from sqlalchemy.ext.asyncio import create_async_engine

        async def run():
            async with create_async_engine(url, poolclass=sa.pool.NullPool).connect() as connection:
                return await connection.run_sync(read)

        return asyncio.run(run())
    with sa.create_engine(url, poolclass=sa.pool.NullPool).connect() as connection:
        return read(connection)


def offline(run, span):
    """Return the statements that Alembic would run, as it writes them."""
    made = config()
    made.output_buffer = io.StringIO()
    run(made, span, sql=True)
    text = made.output_buffer.getvalue()
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    parts = [part.strip() for part in "\n".join(lines).split(";\n")]
    return [part.rstrip(";").strip() for part in parts
            if part.strip(" ;\n") and part.strip(" ;\n").upper() not in ("BEGIN", "COMMIT", "BEGIN TRANSACTION")]  # fmt: skip


def watched(path, run, target):
    """Run migrations on this copy's own SQLite file, and return the statements that did something."""
    statements, trouble = [], []

    def note(connection, cursor, statement, parameters, context, many):
        if statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            return
        statements.append(statement.strip())
        if parameters:
            trouble.append(statement[:80])

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    try:
        run(config(), target)
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)
    if trouble:
        raise RuntimeError(f"statements with parameters: {trouble[0]}")
    return [statement for statement in statements if "RETURNING" not in statement.upper()] + [
        statement.upper().partition("RETURNING")[0] and statement[: statement.upper().index(" RETURNING")]
        for statement in statements if "RETURNING" in statement.upper()]  # fmt: skip


def rendered(url, base):
    """Return what brings the database to the newest revision, and what takes it back."""
    made = sa.engine.make_url(url)
    try:
        up = offline(command.upgrade, f"{base}:heads" if base else "heads")
        seen = list(OPERATIONS)
        down = []
        with contextlib.suppress(Exception):
            down = offline(
                command.downgrade, f"{ScriptDirectory.from_config(config()).get_current_head()}:{base or 'base'}"
            )
    except Exception:  # why: migrations are code of others; that they failed is the answer
        if made.get_backend_name() != "sqlite" or not made.database:
            raise
        OPERATIONS.clear()
        path = pathlib.Path(made.database)
        kept = path.with_name(path.name + ".before")
        existed = path.exists()
        if existed:
            shutil.copyfile(path, kept)
        try:
            up = watched(path, command.upgrade, "heads")
            seen, down = list(OPERATIONS), []
        finally:
            if existed:
                shutil.move(kept, path)
            else:
                path.unlink(missing_ok=True)
        return up, seen, down
    return up, seen, down


def state():
    script = ScriptDirectory.from_config(config())
    known = {revision.revision for revision in script.walk_revisions()}
    heads = list(script.get_heads())
    answer = {
        "heads": heads,
        "current": [],
        "unknown": [],
        "pending": [],
        "statements": [],
        "undo": [],
        "operations": [],
    }
    if not ARGUMENT["url"]:
        return answer
    answer["current"] = [] if ARGUMENT.get("fresh") else current(ARGUMENT["url"])
    answer["unknown"] = [name for name in answer["current"] if name not in known]
    if answer["unknown"] or len(heads) != 1 or len(answer["current"]) > 1:
        return answer
    base = answer["current"][0] if answer["current"] else ""
    answer["pending"] = [one.revision for one in script.iterate_revisions("heads", base or "base")]
    if answer["pending"]:
        answer["statements"], seen, answer["undo"] = rendered(ARGUMENT["url"], base)
        answer["operations"] = [told(operation) for operation in seen]
    return answer


def written(revision):
    """Return a new migration's path and text, and leave no trace of it here."""
    path = pathlib.Path(revision.path)
    text = path.read_text()
    path.unlink()
    return {
        "path": path.resolve().relative_to(pathlib.Path.cwd().resolve()).as_posix(),
        "text": text,
        "revision": revision.revision,
    }


def name_of(*parts):
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def merge():
    script = ScriptDirectory.from_config(config())
    heads = sorted(script.get_heads())
    revision = command.merge(config(), heads, message="merge " + " and ".join(heads), rev_id=name_of("merge", *heads))
    return written(revision)


def merge_and_upgrade():
    """Return what running all migrations would do once the heads are merged, and leave no trace of the merge."""
    script = ScriptDirectory.from_config(config())
    heads = sorted(script.get_heads())
    here = sorted(current(ARGUMENT["url"]))
    revision = command.merge(config(), heads, message="merge", rev_id=name_of("merge", *heads))
    try:
        statements, seen, _ = (
            rendered(ARGUMENT["url"], ",".join(here) if len(here) == 1 else "") if len(here) < 2 else ([], [], [])
        )
        refused = [facts["refused"] for facts in map(told, seen) if facts["refused"]]
    finally:
        pathlib.Path(revision.path).unlink()
    return {"statements": statements, "refused": refused}


def revise():
    script = ScriptDirectory.from_config(config())
    head = script.get_current_head()
    body = {
        side: "\n    ".join(f"op.execute({statement!r})" for statement in ARGUMENT[side]) for side in ("up", "down")
    }
    revision = script.generate_revision(
        name_of("add", head or "", *ARGUMENT["up"]), ARGUMENT["message"], head="head", refresh=True,
        upgrades=body["up"] or "pass", downgrades=body["down"] or "pass", imports="", comma=lambda value: ", ".join(value),
    )  # fmt: skip
    return {**written(revision), "head": head}


def main():
    sys.path.insert(0, os.getcwd())
    record_operations()
    with contextlib.redirect_stdout(sys.stderr):
        if "flask_migrate" in ARGUMENT["environment"] or "current_app" in ARGUMENT["environment"]:
            flask_context()
        try:
            answer = {"state": state, "merge": merge, "revise": revise, "merge_and_upgrade": merge_and_upgrade}[
                ARGUMENT["do"]
            ]()
        except (Exception, SystemExit) as error:  # why: migrations are code of others; that they failed is the answer
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
    print(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
