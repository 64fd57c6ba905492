"""Edits for two places in which tables are made in vain: a database in memory, and outside Flask's context."""

import libcst as cst

from naosu.fixers.database.blocks import change_block, parsed, statement_of
from naosu.fixers.database.database_tables_not_created.startup import Edit
from naosu.fixers.database.engines import EngineCall, edits_of, engine_calls, url_text
from naosu.fixers.database.web import web_applications
from naosu.fixers.editing import nodes_of, replace_nodes, with_argument, with_import
from naosu.ports.fixer import SourceTree


def memory_edit(source: SourceTree) -> Edit | None:
    """Return the edit for a database in memory, of which every thread's connection gets an empty one of its own."""
    for engine in engine_calls(source):
        url = url_text(source, engine)
        is_memory = url.startswith("sqlite") and (url.rstrip("/").endswith(":") or ":memory:" in url)
        if not is_memory or engine.argument("poolclass") is not None or engine.has_options or "cache=shared" in url:
            continue
        return _kept_in_one(source, engine)
    return None


def _kept_in_one(source: SourceTree, engine: EngineCall) -> Edit | None:
    module = source.module(engine.path)
    if module is None or (engine.argument("connect_args") is not None and "check_same_thread" not in module.code):
        return None
    call = with_argument(engine.call, "poolclass", cst.Name("StaticPool"))
    if not engine.is_async and engine.argument("connect_args") is None:
        call = with_argument(call, "connect_args", cst.parse_expression('{"check_same_thread": False}'))
    changed, _ = with_import(replace_nodes(module, {engine.call: call}), "sqlalchemy.pool", "StaticPool")
    return Edit(
        cause="The database is in memory, where every connection has an empty one of its own: tables that one thread"
        " made are missing for the next.",
        summary="Keep the database in memory in one connection",
        why="`StaticPool` hands the same connection to every thread.",
        edits=edits_of(source, {engine.path: changed}),
    )


def context_edit(source: SourceTree) -> Edit | None:
    """Return the edit that makes the tables inside Flask's application context."""
    for path, module in source.modules("create_all"):
        app = next((one for one in web_applications(source) if one.path == path and one.kind == "flask"), None)
        for node in nodes_of(module, cst.Attribute):
            statement = statement_of(module, node) if node.attr.value == "create_all" else None
            if app is None or statement is None:
                continue
            code = module.code_for_node(statement.with_changes(leading_lines=[])).strip()
            new = parsed(module, f"with {app.name}.app_context():\n    {code}\n")
            lines = getattr(statement, "leading_lines", ())
            new[0] = new[0].with_changes(leading_lines=lines)
            changed = change_block(module, statement, lambda body, index: [*body[:index], *new, *body[index + 1 :]])  # noqa: B023  # used before the loop goes on
            return Edit(
                cause=f"{path} makes the tables outside Flask's application context.",
                summary="Make the tables inside the application context",
                why="Flask-SQLAlchemy finds its engine through the current application.",
                edits=edits_of(source, {path: changed}),
            )
    return None
