# ruff: noqa: BLE001, C901, D103, PERF401, PLC0415, S608, T201  # a program for the application's own interpreter: whatever fails there is told
# mypy: ignore-errors
"""Say what an application's models declare, and what its databases hold.

Runs in a scratch copy with the application's interpreter. Importing an application must not change what is measured,
so what makes or drops tables is put out of force before.
"""

import asyncio
import contextlib
import gc
import importlib
import json
import os
import sys

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn, CreateIndex

ARGUMENT = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
PROBLEMS = []
MADE = {"create_all": sa.MetaData.create_all}
CATALOGUES = {"pg_catalog", "information_schema", "INFORMATION_SCHEMA", "sys"}
AFFINITIES = (("INT", "number"), ("CHAR", "text"), ("TEXT", "text"), ("CLOB", "text"), ("FLOA", "number"),
              ("REAL", "number"), ("DOUB", "number"), ("NUMERIC", "number"), ("DECIMAL", "number"), ("DATE", "time"),
              ("TIME", "time"), ("BOOL", "number"), ("JSON", "json"), ("UUID", "text"))  # fmt: skip


def keep_still():
    """Put out of force what would change a database while the application is imported."""
    sa.MetaData.create_all = sa.MetaData.drop_all = lambda *args, **kwargs: None
    with contextlib.suppress(ImportError):
        from alembic import command

        command.upgrade = command.downgrade = command.stamp = lambda *args, **kwargs: None


def import_application():
    sys.path.insert(0, os.getcwd())
    for root in ARGUMENT.get("roots", ()):
        sys.path.insert(1, os.path.join(os.getcwd(), root))
    for name in ARGUMENT.get("modules", ()):
        try:
            importlib.import_module(name)
        except (Exception, SystemExit) as error:  # why: whatever it raises, it is told
            PROBLEMS.append(f"{name}: {type(error).__name__}: {error}"[:300])


def flask_urls():
    """Return the URLs of Flask-SQLAlchemy, which makes engines only inside an application."""
    if "flask_sqlalchemy" not in sys.modules:
        return []
    from flask import Flask

    kinds = [made for made in gc.get_objects() if isinstance(made, Flask)]
    for module in [module for name, module in list(sys.modules.items()) if name in ARGUMENT.get("modules", ())]:
        for name in ("create_app", "make_app", "build_app", "get_app", "application_factory"):
            if not kinds and callable(getattr(module, name, None)):
                with contextlib.suppress(Exception):
                    kinds.append(getattr(module, name)())
    found = []
    for app in kinds:
        with contextlib.suppress(Exception), app.app_context():
            found += [engine.url for engine in app.extensions["sqlalchemy"].engines.values()]
    return found


def engine_urls():
    engines = [made for made in gc.get_objects() if isinstance(made, sa.engine.Engine)]
    urls = [engine.url for engine in engines] + flask_urls()
    return list(dict.fromkeys(url.render_as_string(hide_password=False) for url in urls))


def below_here(text):
    """Return a URL with a SQLite path inside this copy made relative to it."""
    url = sa.engine.make_url(text)
    here = os.path.realpath(os.getcwd()) + os.sep
    if url.get_backend_name() == "sqlite" and url.database and os.path.realpath(url.database).startswith(here):
        url = url.set(database=os.path.realpath(url.database)[len(here) :])
    return url.render_as_string(hide_password=False)


def with_connection(text, work):
    """Return what `work` makes of a connection, whether the driver is asynchronous or not."""
    url = sa.engine.make_url(text)
    if url.get_dialect().is_async:
        from sqlalchemy.ext.asyncio import create_async_engine

        async def run():
            engine = create_async_engine(url, poolclass=sa.pool.NullPool)
            async with engine.connect() as connection:
                result = await connection.run_sync(work)
            await engine.dispose()
            return result

        return asyncio.run(run())
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        return work(connection)


def described(connection):
    inspector = sa.inspect(connection)
    tables = {}
    names = [(None, name) for name in inspector.get_table_names()]
    schemas = {table.schema for metadata in metadatas() for table in metadata.tables.values()} - {None}
    for schema in schemas:
        with contextlib.suppress(Exception):
            names += [(schema, name) for name in inspector.get_table_names(schema)]
    views = [*inspector.get_view_names()]
    for schema, name in names:
        label = f"{schema}.{name}" if schema else name
        tables[label] = {
            "columns": {column["name"]: {"type": str(column["type"]), "nullable": bool(column["nullable"]),
                                         "default": column.get("default") is not None,
                                         "primary_key": bool(column.get("primary_key"))}
                        for column in inspector.get_columns(name, schema)},
            "indexes": {index["name"]: list(index["column_names"]) for index in inspector.get_indexes(name, schema)},
            "is_empty": connection.execute(sa.select(sa.literal(1)).select_from(sa.table(name, schema=schema)).limit(1))
            .first() is None,
        }  # fmt: skip
    return {"tables": tables, "views": views}


def metadatas():
    """Return the application's own metadata: SQLAlchemy keeps some of engines' catalogues."""
    own = [made for made in gc.get_objects() if isinstance(made, sa.MetaData)]
    return [made for made in own if not {table.schema for table in made.tables.values()} & CATALOGUES]


def classes():
    """Return the mapped class of each table."""
    found = {}
    for made in gc.get_objects():
        if isinstance(made, type) and isinstance(made.__dict__.get("__table__"), sa.Table):
            found[id(made.__table__)] = (made.__module__, made.__name__)
    return found


def affinity(type_):
    text = str(type_).upper()
    return next((kind for part, kind in AFFINITIES if part in text), text)


def constant(column, dialect):
    """Return the DDL literal of a column's constant Python default, or None."""
    default = column.default
    if default is None:
        return None
    value = default.arg if getattr(default, "is_scalar", False) else None
    if getattr(default, "is_callable", False):
        # SQLAlchemy wraps a callable so that it takes a context; only empty containers are the same on every call.
        with contextlib.suppress(Exception):
            made = default.arg(None)
            value = made if made in ([], {}, "") and isinstance(made, list | dict | str) else None
    if value is None:
        return None
    with contextlib.suppress(Exception):
        literal = sa.literal(value, column.type)
        return str(literal.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return None


def now_of(column, dialect):
    """Return the expression for columns that take the time of their row, or None."""
    if column.default is None or affinity(column.type) != "time" or not getattr(column.default, "is_callable", False):
        return None
    with contextlib.suppress(Exception):
        made = column.default.arg(None)
        return "CURRENT_DATE" if type(made).__name__ == "date" else "CURRENT_TIMESTAMP"
    return None


def refusal(column, table_is_empty, dialect_name):
    """Say why a column cannot be added without a person. Empty: it can."""
    if column.primary_key:
        return "it is part of the primary key"
    if column.computed is not None or column.identity is not None:
        return "the database generates it"
    server = column.server_default
    is_constant = server is None or isinstance(getattr(server, "arg", None), str)
    if dialect_name == "sqlite" and not is_constant and not table_is_empty:
        text = str(getattr(server, "arg", "")).lower()
        if text not in ("0", "1", "true", "false", "'0'", "'1'") and not text.replace(".", "").strip("'").isalnum():
            return "SQLite cannot add a column whose default is an expression to a table with rows"
    return ""


def addition(table, column, held, dialect):
    """Return the statements that add one column, those that undo it, and why not, if not."""
    quote = dialect.identifier_preparer
    name, where = quote.format_column(column), quote.format_table(table)
    spec = str(CreateColumn(column).compile(dialect=dialect)).strip()
    is_empty = held["is_empty"]
    why_not = refusal(column, is_empty, dialect.name)
    literal, moment = constant(column, dialect), now_of(column, dialect)
    after, note = [], ""
    if not column.nullable and column.server_default is None:
        if literal is not None:
            spec = spec.replace(" NOT NULL", f" DEFAULT {literal} NOT NULL", 1)
        elif moment:
            spec = spec.replace(" NOT NULL", "", 1)
            after.append(f"UPDATE {where} SET {name} = {moment}")
            note = "rows that exist get the moment of the repair"
        elif is_empty and dialect.name == "sqlite":
            spec = spec.replace(" NOT NULL", "", 1)
            note = "SQLite can add it only without NOT NULL"
        elif not is_empty:
            why_not = why_not or "it must not be null, has no default, and the table has rows"
    elif literal is not None and column.server_default is None:
        spec += f" DEFAULT {literal}"
    for key in column.foreign_keys:
        with contextlib.suppress(Exception):
            spec += f" REFERENCES {quote.format_table(key.column.table)} ({quote.format_column(key.column)})"
    indexes = [index for index in table.indexes if column.name in index.columns
               and all(other.name == column.name or other.name in held["columns"] for other in index.columns)
               and index.name not in held["indexes"]]  # fmt: skip
    statements = [f"ALTER TABLE {where} ADD COLUMN {spec}", *after]
    statements += [str(CreateIndex(index).compile(dialect=dialect)).strip() for index in indexes]
    undo = []
    for index in indexes:
        undo.append(str(sa.schema.DropIndex(index).compile(dialect=dialect)).strip())
    if column.unique and not any(index.unique for index in indexes):
        if literal is not None and not column.nullable and not is_empty:
            why_not = why_not or "it must be unique, and its default would repeat"
        unique = quote.quote(f"uq_{table.name}_{column.name}")
        statements.append(f"CREATE UNIQUE INDEX {unique} ON {where} ({name})")
        undo.append(f"DROP INDEX {unique}" + (f" ON {where}" if dialect.name in ("mysql", "mariadb") else ""))
    undo.append(f"ALTER TABLE {where} DROP COLUMN {name}")
    return {"column": column.name, "statements": statements, "undo": undo, "why_not": why_not, "note": note,
            "affinity": affinity(column.type), "nullable": bool(column.nullable)}  # fmt: skip


def creation(table, dialect):
    """Return the statements that make a table and its indexes."""
    statements = []

    def note(statement, *args, **kwargs):
        statements.append(str(statement.compile(dialect=dialect)).strip())

    engine = sa.create_mock_engine(sa.engine.make_url(f"{dialect.name}://"), note)
    MADE["create_all"](table.metadata, engine, tables=[table], checkfirst=False)
    quote = dialect.identifier_preparer
    return {"statements": statements, "undo": [f"DROP TABLE {quote.format_table(table)}"]}


def label_of(table):
    return f"{table.schema}.{table.name}" if table.schema else table.name


def compared(table, held, dialect):
    """Return what a database lacks of one table."""
    mine = {name.casefold() for name in held["columns"]}
    known = {column.name.casefold() for column in table.columns}
    return {
        "missing": [addition(table, column, held, dialect) for column in table.columns
                    if column.name.casefold() not in mine],
        "left_over": [{"column": name, "affinity": affinity(facts["type"]), "nullable": facts["nullable"],
                       "default": facts["default"]}
                      for name, facts in held["columns"].items() if name.casefold() not in known],
    }  # fmt: skip


def tables_of(databases):
    mapped = classes()
    found = []
    for metadata in metadatas():
        for table in metadata.tables.values():
            module, name = mapped.get(id(table), ("", ""))
            entry = {"table": label_of(table), "module": module, "class": name, "metadata": id(metadata),
                     "columns": [column.name for column in table.columns],
                     "info": {str(key): str(value) for key, value in table.info.items()}, "databases": {}}  # fmt: skip
            for url, held in databases.items():
                if "error" in held and not held.get("absent"):
                    continue
                dialect = sa.engine.make_url(url).get_dialect()()
                try:
                    if entry["table"] in held.get("tables", {}):
                        lacks = compared(table, held["tables"][entry["table"]], dialect)
                        entry["databases"][url] = {"exists": True, **lacks}
                    else:
                        entry["databases"][url] = {"exists": False, "is_view": table.name in held.get("views", ()),
                                                   **creation(table, dialect)}  # fmt: skip
                except Exception as error:  # why: whatever it raises, it is told
                    PROBLEMS.append(f"{entry['table']}: {type(error).__name__}: {error}"[:300])
            found.append(entry)
    return found


def main():
    keep_still()
    with contextlib.redirect_stdout(sys.stderr):
        import_application()
        urls = list(dict.fromkeys(below_here(url) for url in [*ARGUMENT.get("databases", ()), *engine_urls()]))
        databases = {}
        for url in urls:
            try:
                databases[url] = with_connection(url, described)
            except Exception as error:  # why: whatever it raises, it is told
                absent = "does not exist" in str(error) or "Unknown database" in str(error)
                databases[url] = {"error": f"{type(error).__name__}: {error}"[:500], "absent": absent}
        tables = tables_of(databases)
    print(json.dumps({"databases": databases, "tables": tables, "problems": PROBLEMS}))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
