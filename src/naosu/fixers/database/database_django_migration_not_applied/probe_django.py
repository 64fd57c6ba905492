# ruff: noqa: BLE001, D103, E501, PLC0415, T201  # a program for the application's own interpreter: failures are told
# mypy: ignore-errors
"""Say which of Django's migrations were not run, which were not even written, and what running them would do.

Runs in a scratch copy with the application's interpreter; nothing is run, only rendered. Files that are written for that
are removed again.
"""

import contextlib
import io
import json
import os
import pathlib
import sys

ARGUMENT = json.loads(sys.argv[1])
ADDING = {"CreateModel", "AddField", "AddIndex", "AddConstraint", "AlterModelOptions", "AlterModelManagers",
          "AlterOrderWithRespectTo", "AlterModelTableComment"}  # fmt: skip


def url_of(connection):
    facts = connection.settings_dict
    name = str(facts["NAME"])
    here = os.path.realpath(os.getcwd()) + os.sep
    if connection.vendor == "sqlite":
        return "sqlite:///" + (os.path.realpath(name)[len(here) :] if os.path.realpath(name).startswith(here) else name)
    driver = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}.get(connection.vendor, connection.vendor)
    user = facts.get("USER") or "postgres"
    secret = f":{facts['PASSWORD']}" if facts.get("PASSWORD") else ""
    place = (facts.get("HOST") or "127.0.0.1") + (f":{facts['PORT']}" if facts.get("PORT") else "")
    return f"{driver}://{user}{secret}@{place}/{name}"


def refused(operation, app):
    """Say why an operation needs a person. Empty: it only adds."""
    kind = type(operation).__name__
    if kind == "AddField" and operation.field.is_relation and operation.field.many_to_many:
        return ""
    if (
        kind == "AddField"
        and not operation.field.null
        and not operation.field.has_default()
        and not has_db_default(operation)
    ):
        return f"{app}: {operation.model_name}.{operation.name} has no default for rows that exist"
    if kind in ADDING:
        return ""
    if kind == "AlterField":
        return f"{app}: alters {operation.model_name}.{operation.name}"
    return f"{app}: {operation.describe()}"


def has_db_default(operation):
    from django.db.models import NOT_PROVIDED

    return getattr(operation.field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def add_instead_of_rebuilding(connection):
    """Let Django add a column with a constant default to a SQLite table, where it would make the table anew."""
    if connection.vendor != "sqlite":
        return
    from django.db.backends.sqlite3.schema import DatabaseSchemaEditor

    plain = DatabaseSchemaEditor.add_field

    def add_field(self, model, field):
        if field.null or field.unique or field.remote_field or not field.has_default():
            return plain(self, model, field)
        definition, parameters = self.column_sql(model, field, include_default=True)
        definition %= tuple(self.quote_value(one) for one in parameters)
        table, column = self.quote_name(model._meta.db_table), self.quote_name(field.column)
        self.execute(f"ALTER TABLE {table} ADD COLUMN {column} {definition}")
        self.deferred_sql.extend(self._field_indexes_sql(model, field))
        return None

    DatabaseSchemaEditor.add_field = add_field


def written(loader):
    """Return the migrations that makemigrations would write, with their files."""
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
    from django.db.migrations.state import ProjectState
    from django.db.migrations.writer import MigrationWriter

    detector = MigrationAutodetector(
        loader.project_state(), ProjectState.from_apps(apps),
        NonInteractiveMigrationQuestioner(specified_apps=set(), dry_run=True, verbosity=0),
    )  # fmt: skip
    changes = detector.changes(graph=loader.graph, convert_apps=None)
    found = []
    for migrations in changes.values():
        for migration in migrations:
            writer = MigrationWriter(migration, include_header=False)
            found.append((migration, pathlib.Path(writer.path), writer.as_string()))
    return found


def own(path):
    return path.resolve().is_relative_to(pathlib.Path.cwd().resolve())


def report():
    import django

    sys.path.insert(0, os.getcwd())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", ARGUMENT["settings"])
    django.setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    add_instead_of_rebuilding(connection)
    executor = MigrationExecutor(connection)
    new = [one for one in written(executor.loader) if own(one[1])]
    made = []
    try:
        for _, path, text in new:
            if not path.parent.exists():
                path.parent.mkdir(parents=True)
                made.append(path.parent)
                (path.parent / "__init__.py").write_text("")
                made.append(path.parent / "__init__.py")
            path.write_text(text)
            made.append(path)
        if new:
            import importlib

            importlib.invalidate_caches()
            executor = MigrationExecutor(connection)
        return rendered(executor, connection, new, made)
    finally:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()


def rendered(executor, connection, new, made):
    targets = executor.loader.graph.leaf_nodes()
    plan = executor.migration_plan(targets)
    steps = [(migration, operation) for migration, _ in plan for operation in migration.operations]
    reasons = [reason for migration, operation in steps if (reason := refused(operation, migration.app_label))]
    here = pathlib.Path.cwd().resolve()
    files = {path.resolve().relative_to(here).as_posix(): path.read_text() for path in made if path.is_file()}
    answer = {"url": url_of(connection), "pending": [f"{one.app_label}.{one.name}" for one, _ in plan], "refused": reasons,
              "files": files, "statements": [], "undo": [], "written": [f"{m.app_label}.{m.name}" for m, _, _ in new],
              "has_table": "django_migrations" in connection.introspection.table_names()}  # fmt: skip
    if plan and not reasons:
        answer["statements"] = [*ledger(connection, answer["has_table"]), *sql(executor.loader, plan), *marks(plan)]
        if any("new__" in one for one in answer["statements"]):
            return {**answer, "refused": ["SQLite would have to make a table anew"], "statements": []}
        with contextlib.suppress(Exception):
            answer["undo"] = [*unmarks(plan), *sql(executor.loader, [(one, True) for one, _ in reversed(plan)])]
    return answer


def ledger(connection, has_table):
    """Return what makes the table in which Django notes its migrations."""
    if has_table:
        return []
    from django.db.migrations.recorder import MigrationRecorder

    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        editor.create_model(MigrationRecorder(connection).Migration)
    return clean(editor.collected_sql)


def sql(loader, plan):
    return clean(loader.collect_sql(plan))


def clean(lines):
    """Return statements without comments and frames."""
    kept = [line for line in lines if not line.lstrip().startswith("--")]
    statements = [line.strip().rstrip(";") for line in kept]
    return [one for one in statements if one and one.upper() not in ("BEGIN", "COMMIT")]


def marks(plan):
    insert = "INSERT INTO django_migrations (app, name, applied) VALUES ('{}', '{}', CURRENT_TIMESTAMP)"
    return [insert.format(one.app_label, one.name) for one, _ in plan]


def unmarks(plan):
    delete = "DELETE FROM django_migrations WHERE app = '{}' AND name = '{}'"
    return [delete.format(one.app_label, one.name) for one, _ in plan]


def main():
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            answer = report()
        except SystemExit:
            # Django ends the program where it would have to ask a question.
            answer = {"url": "", "pending": ["a migration that is not written"], "written": ["?"], "files": {}, "statements": [],
                      "refused": ["Django would ask which value rows that exist shall get"], "undo": []}  # fmt: skip
        except Exception as error:  # why: whatever it raises, it is told
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
    print(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
