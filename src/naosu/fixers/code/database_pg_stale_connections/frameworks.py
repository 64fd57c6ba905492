"""Where frameworks keep the options of their pools: Flask-SQLAlchemy, Django, psycopg_pool."""

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.database.blocks import insert_after, parsed, statement_of
from naosu.fixers.database.engines import edits_of, text_of
from naosu.fixers.database.symbols import names_in
from naosu.fixers.editing import argument, dotted_name, nodes_of, qualified_name, replace_nodes, with_argument
from naosu.ports.fixer import SourceTree

_OPTIONS = '{"pool_pre_ping": True, "pool_recycle": 1800}'
_URI = "SQLALCHEMY_DATABASE_URI"
_KEY = "SQLALCHEMY_ENGINE_OPTIONS"


def flask_edits(source: SourceTree) -> tuple[FileEdit, ...]:
    """Return the edits that let Flask-SQLAlchemy's pool test its connections."""
    for path, module in source.modules(_URI):
        if _KEY in module.code or "test" in path:
            continue
        for node in nodes_of(module, cst.Assign):
            target = node.targets[0].target
            line = statement_of(module, node)
            if line is None:
                continue
            if isinstance(target, cst.Subscript) and _URI in module.code_for_node(target):
                code = module.code_for_node(target).replace(_URI, _KEY)
                return edits_of(source, {path: insert_after(module, line, parsed(module, f"{code} = {_OPTIONS}\n"))})
            if dotted_name(target) == _URI:
                return edits_of(source, {path: insert_after(module, line, parsed(module, f"{_KEY} = {_OPTIONS}\n"))})
        for call in nodes_of(module, cst.Call):
            if argument(call, _URI) is not None:
                changed = with_argument(call, _KEY, cst.parse_expression(_OPTIONS))
                return edits_of(source, {path: replace_nodes(module, {call: changed})})
    return ()


def django_edits(source: SourceTree) -> tuple[FileEdit, ...]:
    """Return the edits that let Django test connections that it keeps."""
    for path, module in source.modules("CONN_MAX_AGE"):
        if "CONN_HEALTH_CHECKS" in module.code:
            continue
        for node in nodes_of(module, cst.Dict):
            at = next((i for i, one in enumerate(node.elements) if isinstance(one, cst.DictElement)
                       and text_of(one.key) == "CONN_MAX_AGE"), None)  # fmt: skip
            if at is not None:
                return edits_of(
                    source, {path: replace_nodes(module, {node: with_key(node, at, "CONN_HEALTH_CHECKS", "True")})}
                )
    return ()


def with_key(node: cst.Dict, at: int, key: str, value: str) -> cst.Dict:
    """Return a dict with a key behind another, laid out as that one is."""
    elements = list(node.elements)
    old = elements[at]
    gap = next((one.comma for one in elements if isinstance(one.comma, cst.Comma)), cst.Comma())
    new = cst.DictElement(cst.SimpleString(f'"{key}"'), cst.parse_expression(value), comma=old.comma)
    elements[at : at + 1] = [old.with_changes(comma=gap if at == len(elements) - 1 else old.comma), new]
    return node.with_changes(elements=elements)


def psycopg_edits(source: SourceTree) -> tuple[FileEdit, ...]:
    """Return the edits that let psycopg's own pools test connections."""
    changed: dict[str, cst.Module] = {}
    for path, module in source.modules("psycopg_pool"):
        names = names_in(source, path)
        calls: dict[cst.CSTNode, cst.CSTNode] = {}
        for call in nodes_of(module, cst.Call):
            kind = qualified_name(call.func, names)
            is_pool = kind in {"psycopg_pool.ConnectionPool", "psycopg_pool.AsyncConnectionPool"}
            if is_pool and argument(call, "check") is None:
                check = cst.parse_expression(f"{dotted_name(call.func)}.check_connection")
                calls[call] = with_argument(call, "check", check)
        if calls:
            changed[path] = replace_nodes(module, calls)
    return edits_of(source, changed)
