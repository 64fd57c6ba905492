"""Waiting without SQLAlchemy: plain ``sqlite3`` and ``aiosqlite`` connections, and Django's settings."""

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.database.blocks import insert_after, parsed
from naosu.fixers.database.engines import edits_of, text_of
from naosu.fixers.database.symbols import names_in
from naosu.fixers.editing import argument, nodes_of, parents_of, qualified_name, replace_nodes, with_argument
from naosu.ports.fixer import SourceTree, Workplace

_CONNECT = {"sqlite3.connect", "aiosqlite.connect", "sqlite3.dbapi2.connect"}
_SHORT_S = 5.0
_DJANGO_WITH_COMMANDS = (5, 1)


def plain_edits(source: SourceTree) -> tuple[FileEdit, ...]:
    """Return the edits that let plain connections wait, and write ahead where they are given a name."""
    changed: dict[str, cst.Module] = {}
    for path, module in source.modules("sqlite3", "aiosqlite"):
        if "test" in path:
            continue
        names = names_in(source, path)
        calls = [call for call in nodes_of(module, cst.Call) if qualified_name(call.func, names) in _CONNECT]
        if not calls:
            continue
        result = _writing_ahead(module, calls) if "journal_mode" not in module.code else module
        waits: dict[cst.CSTNode, cst.CSTNode] = {
            call: with_argument(call, "timeout", cst.Integer("30"))
            for call in nodes_of(result, cst.Call)
            if qualified_name(call.func, names) in _CONNECT and _gives_up(call) and "busy_timeout" not in module.code
        }
        changed[path] = replace_nodes(result, waits)
    return edits_of(source, changed)


def _gives_up(call: cst.Call) -> bool:
    found = argument(call, "timeout", 1)
    if found is None:
        return True
    return isinstance(found.value, cst.Integer | cst.Float) and found.keyword is not None and (
        float(found.value.value.replace("_", "")) < _SHORT_S
    )  # fmt: skip


def _writing_ahead(module: cst.Module, calls: list[cst.Call]) -> cst.Module:
    parents = parents_of(module)
    result = module
    for call in calls:
        assign = parents.get(call)
        is_async = isinstance(assign, cst.Await)
        if is_async:
            assign = parents.get(assign) if assign else None
        line = parents.get(assign) if assign else None
        if isinstance(assign, cst.Assign) and isinstance(line, cst.SimpleStatementLine):
            name = module.code_for_node(assign.targets[0].target)
            text = f'{"await " if is_async else ""}{name}.execute("PRAGMA journal_mode=WAL")\n'
            result = insert_after(result, _same(result, line), parsed(module, text))
    return result


def _same(module: cst.Module, line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
    return next(one for one in nodes_of(module, cst.SimpleStatementLine) if one is line or one.deep_equals(line))


def django_edits(work: Workplace) -> tuple[FileEdit, ...]:
    """Return the edit of Django's settings."""
    for path, module in work.source.modules("django.db.backends.sqlite3"):
        for node in nodes_of(module, cst.Dict):
            keys = {text_of(one.key): one for one in node.elements if isinstance(one, cst.DictElement)}
            engine = keys.get("ENGINE")
            if engine is None or "sqlite3" not in text_of(engine.value):
                continue
            options = '{"timeout": 30}'
            if (work.version("django") or (0,)) >= _DJANGO_WITH_COMMANDS:
                commands = '"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"'
                options = f'{{"timeout": 30, {commands}}}'
            if "OPTIONS" in keys:
                return ()
            last = node.elements[-1]
            gap = next((one.comma for one in node.elements if isinstance(one.comma, cst.Comma)), cst.Comma())
            new = cst.DictElement(cst.SimpleString('"OPTIONS"'), cst.parse_expression(options), comma=last.comma)
            elements = [*node.elements[:-1], last.with_changes(comma=gap), new]
            return edits_of(work.source, {path: replace_nodes(module, {node: node.with_changes(elements=elements)})})
    return ()
