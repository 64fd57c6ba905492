# ruff: noqa: BLE001, D102, D103, E501, PLC0415, PLR0917, RET503, S608, T201  # a program for the application's interpreter: failures are told
# mypy: ignore-errors
"""Send requests to the application inside its own process, and say which queries took how long, and by which plan.

With a trial given, say instead what each of its indexes would change: it is made, measured, and taken away again.
Runs in a scratch copy with the application's interpreter.
"""

import asyncio
import contextlib
import gc
import importlib
import io
import json
import os
import sys
import time

ARGUMENT = json.loads(sys.argv[1])
SEEN = {}
PROBLEMS = []
STATEMENTS_MAX = 40


def note(runner, statement, parameters):
    entry = SEEN.setdefault((runner, statement), {"parameters": parameters, "count": 0})
    entry["count"] += 1


class Alchemy:
    """Runs statements through a SQLAlchemy engine of the application."""

    def __init__(self, engine):
        self.engine = engine
        self.url = engine.url
        self.dialect = engine.dialect.name

    def run(self, work):
        import sqlalchemy as sa

        if self.engine.dialect.is_async:
            from sqlalchemy.ext.asyncio import create_async_engine

            async def inner():
                engine = create_async_engine(self.url, poolclass=sa.pool.NullPool)
                async with engine.connect() as connection:
                    result = await connection.run_sync(lambda sync: work(sync.exec_driver_sql))
                await engine.dispose()
                return result

            return asyncio.run(inner())
        with sa.create_engine(self.url, poolclass=sa.pool.NullPool).connect() as connection:
            return work(connection.exec_driver_sql)

    def url_text(self):
        here = os.path.realpath(os.getcwd()) + os.sep
        url = self.url
        if self.dialect == "sqlite" and url.database and os.path.realpath(url.database).startswith(here):
            url = url.set(database=os.path.realpath(url.database)[len(here) :])
        return url.render_as_string(hide_password=False)


class Django:
    """Runs statements through Django's default connection."""

    def __init__(self):
        from django.db import connection

        self.connection = connection
        self.dialect = connection.vendor

    def run(self, work):
        with self.connection.cursor() as cursor:

            def execute(statement, parameters=()):
                cursor.execute(statement, parameters or None)
                return cursor

            return work(execute)

    def url_text(self):
        facts = self.connection.settings_dict
        name = str(facts["NAME"])
        here = os.path.realpath(os.getcwd()) + os.sep
        if self.dialect == "sqlite":
            return "sqlite:///" + (
                os.path.realpath(name)[len(here) :] if os.path.realpath(name).startswith(here) else name
            )
        place = f"{facts.get('HOST') or 'localhost'}:{facts.get('PORT') or 5432}"
        return f"{self.dialect}://{facts.get('USER')}:{facts.get('PASSWORD')}@{place}/{name}"


RUNNERS = {}


def listen():
    import sqlalchemy as sa

    @sa.event.listens_for(sa.engine.Engine, "before_cursor_execute")
    def heard(connection, cursor, statement, parameters, context, many):
        if not many and statement.lstrip().upper().startswith(("SELECT", "WITH")):
            runner = RUNNERS.setdefault(id(connection.engine), Alchemy(connection.engine))
            note(runner, statement, parameters)


def import_all():
    sys.path.insert(0, os.getcwd())
    for name in ARGUMENT["modules"]:
        try:
            importlib.import_module(name)
        except (Exception, SystemExit) as error:  # why: whatever it raises, it is told
            PROBLEMS.append(f"{name}: {type(error).__name__}: {error}"[:300])


def instances(module, name):
    kind = getattr(sys.modules.get(module), name, None)
    found = [made for made in gc.get_objects() if kind and isinstance(made, kind)]
    if found or kind is None:
        return found
    for dotted in ARGUMENT["modules"]:
        for factory in ("create_app", "make_app", "build_app", "get_app"):
            made = getattr(sys.modules.get(dotted), factory, None)
            if callable(made):
                with contextlib.suppress(Exception):
                    return [one for one in [made()] if isinstance(one, kind)]
    return []


async def one_call(app, request):
    path, _, query = request["path"].partition("?")
    body = (request.get("body") or "").encode("latin-1")
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request["method"], "path": path,
             "raw_path": path.encode(), "query_string": query.encode(), "scheme": "http", "root_path": "",
             "headers": [(name.lower().encode(), value.encode()) for name, value in request["headers"]],
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {}}  # fmt: skip
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        if parts:
            return parts.pop()
        await asyncio.sleep(3600)

    async def send(message):
        pass

    await app(scope, receive, send)


async def all_calls(app):
    stack = contextlib.AsyncExitStack()
    async with stack:
        context = getattr(getattr(app, "router", None), "lifespan_context", None)
        if context is not None:
            await stack.enter_async_context(context(app))
        for request in ARGUMENT["requests"]:
            await attempt_async(app, request)


async def attempt_async(app, request):
    with contextlib.suppress(Exception):
        await one_call(app, request)


def drive_django():
    import django
    from django.db import connection
    from django.test import Client

    django.setup()
    runner = Django()

    def heard(execute, sql, params, many, context):
        if not many and sql.lstrip().upper().startswith("SELECT"):
            note(runner, sql, tuple(params or ()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(heard):
        for request in ARGUMENT["requests"]:
            with contextlib.suppress(Exception):
                Client(raise_request_exception=False).generic(
                    request["method"], request["path"], request.get("body") or "", headers=dict(request["headers"])
                )


def drive():
    if ARGUMENT["settings"]:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", ARGUMENT["settings"])
        sys.path.insert(0, os.getcwd())
        drive_django()
        return
    with contextlib.suppress(ImportError):
        listen()
    import_all()
    for app in instances("flask", "Flask"):
        for request in ARGUMENT["requests"]:
            with contextlib.suppress(Exception):
                app.test_client().open(request["path"], method=request["method"], headers=request["headers"],
                                       data=(request.get("body") or "").encode("latin-1"))  # fmt: skip
    for app in instances("starlette.applications", "Starlette")[-1:] if "starlette.applications" in sys.modules else ():
        asyncio.run(all_calls(app))


def plan_of(runner, execute, statement, parameters):
    if runner.dialect == "sqlite":
        return [str(row[3]) for row in execute("EXPLAIN QUERY PLAN " + statement, parameters).fetchall()]
    return [str(row[0] if len(row) == 1 else row) for row in execute("EXPLAIN " + statement, parameters).fetchall()]


def timed(execute, statement, parameters):
    began = time.perf_counter()
    execute(statement, parameters).fetchall()
    return time.perf_counter() - began


def measured(runner, statement, entry):
    def work(execute):
        seconds = timed(execute, statement, entry["parameters"])
        return seconds, plan_of(runner, execute, statement, entry["parameters"])

    return runner.run(work)


def limit(runner, execute, seconds):
    """Let a statement fail that takes longer than this."""
    if runner.dialect == "postgresql":
        execute("SET LOCAL lock_timeout = '2s'")
        execute(f"SET LOCAL statement_timeout = {int(seconds * 1000) + 5000}")
    if runner.dialect == "sqlite":
        end = time.monotonic() + seconds
        raw = getattr(execute, "__self__", None)
        raw = raw.connection.dbapi_connection if hasattr(raw, "exec_driver_sql") else None
        if hasattr(raw, "set_progress_handler"):
            raw.set_progress_handler(lambda: int(time.monotonic() > end), 10000)


def tried(runner, statement, entry, candidate, seconds_max):
    """Make an index, measure, and take it away; on PostgreSQL nothing of it is ever seen by others."""

    def work(execute):
        execute(candidate["create"])
        try:
            execute(candidate["analyze"])
            plan = plan_of(runner, execute, statement, entry["parameters"])
            limit(runner, execute, seconds_max)
            seconds = timed(execute, statement, entry["parameters"])
        finally:
            if runner.dialect != "postgresql":
                limit(runner, execute, 60)
                execute(candidate["drop"])
        return {"plan": plan, "seconds": seconds}

    return runner.run(work)


def columns_of(runner, tables):
    """Return the columns of tables by name, without those by which the table itself is kept."""
    found = {}
    for table in tables:
        with contextlib.suppress(Exception):
            if runner.dialect == "sqlite":
                rows = runner.run(lambda execute, t=table: execute(f'PRAGMA table_info("{t}")').fetchall())
                found[table] = [row[1] for row in rows if not row[5]]
            else:
                query = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
                found[table] = [row[0] for row in runner.run(lambda execute, q=query: execute(q).fetchall())]
    return found


def is_plain(value):
    return json.loads(json.dumps(value, default=str)) == (list(value) if isinstance(value, tuple) else value)


def report():
    found = []
    for (runner, statement), entry in list(SEEN.items())[:STATEMENTS_MAX]:
        try:
            seconds, plan = measured(runner, statement, entry)
        except Exception as error:  # why: whatever it raises, it is told
            PROBLEMS.append(f"{type(error).__name__}: {error}"[:300])
            continue
        if seconds * entry["count"] > ARGUMENT["seconds"]:
            parameters = entry["parameters"]
            found.append({"url": runner.url_text(), "dialect": runner.dialect, "statement": statement, "seconds": seconds,
                          "count": entry["count"], "plan": plan, "columns": columns_of(runner, ARGUMENT["tables"]),
                          "parameters": parameters if is_plain(parameters) else None})  # fmt: skip
    return found


def remembered(trial):
    """Return what runs a statement, and its parameters: as they were told, or else by sending the requests again."""
    if trial["parameters"] is None:
        drive()
        return next((runner, entry) for (runner, statement), entry in SEEN.items() if statement == trial["statement"])
    parameters = tuple(trial["parameters"]) if isinstance(trial["parameters"], list) else trial["parameters"]
    if ARGUMENT["settings"]:
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", ARGUMENT["settings"])
        sys.path.insert(0, os.getcwd())
        django.setup()
        return Django(), {"parameters": parameters}
    import sqlalchemy as sa

    url = sa.engine.make_url(trial["url"])
    if url.get_dialect().is_async:
        from sqlalchemy.ext.asyncio import create_async_engine

        return Alchemy(create_async_engine(url).sync_engine), {"parameters": parameters}
    return Alchemy(sa.create_engine(url)), {"parameters": parameters}


def try_all(trial):
    found = []
    runner, entry = remembered(trial)
    for candidate in trial["candidates"]:
        try:
            result = tried(runner, trial["statement"], entry, candidate, trial["seconds_max"])
            found.append({"index": candidate["index"], **result})
        except Exception as error:  # why: whatever it raises, it is told
            PROBLEMS.append(f"{candidate['create']}: {type(error).__name__}: {error}"[:300])
    return found


def main():
    with contextlib.redirect_stdout(io.StringIO()):
        answer = {"problems": PROBLEMS}
        try:
            if ARGUMENT.get("trial"):
                answer["tried"] = try_all(ARGUMENT["trial"])
            else:
                drive()
        except (Exception, SystemExit) as error:  # why: whatever it raises, it is told
            PROBLEMS.append(f"{type(error).__name__}: {error}"[:300])
        answer["queries"] = [] if ARGUMENT.get("trial") else report()
    print(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
