# ruff: noqa: D103, PLC0415, T201  # a program for the application's own interpreter: failures are told
# mypy: ignore-errors
"""Say which databases a server has. Only reads."""

import asyncio
import json
import sys

import sqlalchemy as sa

ARGUMENT = json.loads(sys.argv[1])
QUERY = {"postgresql": "SELECT datname FROM pg_database", "mysql": "SHOW DATABASES", "mariadb": "SHOW DATABASES"}


def main():
    url = sa.engine.make_url(ARGUMENT["url"])
    backend = url.get_backend_name()
    admin = url.set(database="postgres" if backend == "postgresql" else None)
    query = sa.text(QUERY[backend])

    def read(connection):
        return [row[0] for row in connection.execute(query)]

    if url.get_dialect().is_async:
        from sqlalchemy.ext.asyncio import create_async_engine

        async def run():
            async with create_async_engine(admin, poolclass=sa.pool.NullPool).connect() as connection:
                return await connection.run_sync(read)

        names = asyncio.run(run())
    else:
        with sa.create_engine(admin, poolclass=sa.pool.NullPool).connect() as connection:
            names = read(connection)
    preparer = url.get_dialect()().identifier_preparer
    name = url.database or ""
    quote = preparer.initial_quote
    quoted = quote + name.replace(quote, quote * 2) + quote
    print(json.dumps({"databases": names, "name": name, "quoted": quoted,
                      "admin": admin.render_as_string(hide_password=False), "backend": backend}))  # fmt: skip


main()
