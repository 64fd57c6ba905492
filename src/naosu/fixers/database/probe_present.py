# mypy: ignore-errors
"""Prove that a database holds tables and columns. The line before this text sets CLAIM."""

import asyncio
import json

import sqlalchemy as sa


def lacking(connection):
    """Return what the database lacks of the claim."""
    inspector = sa.inspect(connection)
    found = []
    for label, columns in CLAIM["tables"].items():  # noqa: F821  # set before this text
        schema, _, name = label.rpartition(".")
        if not inspector.has_table(name, schema or None):
            found.append(label)
            continue
        held = {column["name"].casefold() for column in inspector.get_columns(name, schema or None)}
        found += [f"{label}.{column}" for column in columns if column.casefold() not in held]
    return found


def asked(url):
    """Return what is lacking, whether the driver is asynchronous or not."""
    if not url.get_dialect().is_async:
        with sa.create_engine(url, poolclass=sa.pool.NullPool).connect() as connection:
            return lacking(connection)
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415  # only some applications have it

    async def run():
        async with create_async_engine(url, poolclass=sa.pool.NullPool).connect() as connection:
            return await connection.run_sync(lacking)

    return asyncio.run(run())


missing = asked(sa.engine.make_url(CLAIM["url"]))  # noqa: F821
print(json.dumps({"ok": not missing, "detail": "lacking: " + ", ".join(missing) if missing else "all there"}))  # noqa: T201
