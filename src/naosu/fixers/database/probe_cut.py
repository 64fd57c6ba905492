# ruff: noqa: BLE001, D103, F821, PLC0415, T201  # a program for the application's own interpreter
# mypy: ignore-errors
"""Prove that an application survives that its database cuts a pooled connection. The line before this sets CLAIM.

Only a connection that this program opened itself, through the application's engine, is cut. Where the server cannot be
reached nothing is said.
"""

import asyncio
import gc
import importlib
import json
import os
import sys

import sqlalchemy as sa

OWN = {"postgresql": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()", "mariadb": "SELECT CONNECTION_ID()"}
CUT = {"postgresql": "SELECT pg_terminate_backend({})", "mysql": "KILL {}", "mariadb": "KILL {}"}


def engines():
    sys.path.insert(0, os.getcwd())
    for name in CLAIM["modules"]:
        importlib.import_module(name)
    return [made for made in gc.get_objects() if isinstance(made, sa.engine.Engine) and made.dialect.name in OWN]


def cut_sync(engine):
    with engine.connect() as connection:
        number = connection.execute(sa.text(OWN[engine.dialect.name])).scalar()
    with sa.create_engine(engine.url, poolclass=sa.pool.NullPool).connect() as other:
        other.execute(sa.text(CUT[engine.dialect.name].format(number)))
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))


async def cut_async(engine):
    from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

    own = AsyncEngine(engine)
    async with own.connect() as connection:
        number = (await connection.execute(sa.text(OWN[engine.dialect.name]))).scalar()
    async with create_async_engine(engine.url, poolclass=sa.pool.NullPool).connect() as other:
        await other.execute(sa.text(CUT[engine.dialect.name].format(number)))
    async with own.connect() as connection:
        await connection.execute(sa.text("SELECT 1"))


def main():
    found = engines()
    for engine in found:
        try:
            asyncio.run(cut_async(engine)) if engine.dialect.is_async else cut_sync(engine)
        except Exception as error:  # why: whatever the driver raises is the answer
            reached = not any(part in str(error) for part in ("Connection refused", "Connect call failed"))
            print(json.dumps({"ok": False, "detail": f"{type(error).__name__}: {error}"[:300]}) if reached else "")
            return
    print(json.dumps({"ok": True, "detail": f"{len(found)} pools survived a cut"}) if found else "")


main()
sys.stdout.flush()
os._exit(0)
