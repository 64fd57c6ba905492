# ruff: noqa: D103, F821, T201  # a program for the application's own interpreter
# mypy: ignore-errors
"""Prove that writers wait for each other, and that readers are not held up. The line before this sets CLAIM."""

import gc
import importlib
import json
import os
import sqlite3
import sys
import threading
import time

import sqlalchemy as sa

HELD_S = 1.5


def engines():
    sys.path.insert(0, os.getcwd())
    for name in CLAIM["modules"]:
        importlib.import_module(name)
    return [made for made in gc.get_objects() if isinstance(made, sa.engine.Engine) and made.dialect.name == "sqlite"
            and made.url.database not in (None, "", ":memory:")]  # fmt: skip


def checked(engine):
    """Return what is wrong with a connection that is made as the application makes it."""
    waiting = {}

    def look(connection):
        waiting["timeout_ms"] = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
        waiting["journal"] = connection.exec_driver_sql("PRAGMA journal_mode").scalar()

    if engine.dialect.is_async:
        import asyncio  # noqa: PLC0415  # only some applications have it

        from sqlalchemy.ext.asyncio import AsyncEngine  # noqa: PLC0415

        async def run():
            async with AsyncEngine(engine).connect() as connection:
                await connection.run_sync(look)

        asyncio.run(run())
    else:
        with engine.connect() as connection:
            look(connection)
    path = engine.url.database
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    threading.Thread(target=lambda: (time.sleep(HELD_S), holder.execute("COMMIT"))).start()
    writer = sqlite3.connect(path, timeout=waiting["timeout_ms"] / 1000, isolation_level=None)
    writer.execute("SELECT count(*) FROM sqlite_master").fetchall()
    try:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return f"{error} after {waiting}"
    return "" if waiting["journal"] == "wal" else f"journal mode {waiting['journal']}"


found = engines()
wrong = [trouble for trouble in map(checked, found) if trouble]
print(json.dumps({"ok": not wrong, "detail": "; ".join(wrong) or f"{len(found)} engines wait"}) if found else "")
sys.stdout.flush()
os._exit(0)
