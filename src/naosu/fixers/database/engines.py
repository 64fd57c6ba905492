"""Where the application makes its database engines, and with what."""

from collections.abc import Iterator

import libcst as cst
import msgspec

from naosu.domain.repair import FileEdit
from naosu.fixers.database.symbols import assigned_value, definition, names_in, top_level_names
from naosu.fixers.editing import argument, nodes_of, parents_of, qualified_name
from naosu.ports.fixer import SourceTree

_SYNC = {
    "sqlalchemy.create_engine", "sqlalchemy.engine.create_engine", "sqlalchemy.engine.create.create_engine",
    "sqlmodel.create_engine", "sqlalchemy.future.create_engine", "sqlalchemy.engine_from_config",
    "sqlalchemy.engine.engine_from_config",
}  # fmt: skip
_ASYNC = {
    "sqlalchemy.ext.asyncio.create_async_engine", "sqlalchemy.ext.asyncio.async_engine_from_config",
    "sqlalchemy.ext.asyncio.engine.create_async_engine",
}  # fmt: skip


class EngineCall(msgspec.Struct, frozen=True):
    """A call that makes an engine.

    Attributes:
        name: The name that it is assigned to: ``engine``, ``self.engine``. Empty: none.
        statement: The line that it stands in. None: it is an expression inside a compound statement's head.
        is_top_level: It runs when its file is imported.
    """

    path: str
    call: cst.Call
    name: str
    statement: cst.SimpleStatementLine | None
    is_async: bool
    is_top_level: bool

    def argument(self, keyword: str) -> cst.BaseExpression | None:
        """Return the value of a keyword argument."""
        found = argument(self.call, keyword)
        return found.value if found else None

    @property
    def has_options(self) -> bool:
        """It takes options that cannot be read here: ``**options``."""
        return any(arg.star == "**" for arg in self.call.args)


def engine_calls(source: SourceTree) -> Iterator[EngineCall]:
    """Yield every call of the application that makes an engine; not those of its tests and migrations."""
    for path, module in source.modules("create_engine", "create_async_engine", "engine_from_config"):
        parts = set(path.removesuffix(".py").split("/"))
        if parts & {"tests", "test", "alembic", "migrations", "versions", "conftest", "env"} or "test_" in path:
            continue
        names = names_in(source, path)
        parents = parents_of(module)
        for call in nodes_of(module, cst.Call):
            kind = qualified_name(call.func, names)
            if kind in _SYNC or kind in _ASYNC:
                yield _engine_call(path, module, call, parents, is_async=kind in _ASYNC)


def _engine_call(
    path: str, module: cst.Module, call: cst.Call, parents: dict[cst.CSTNode, cst.CSTNode], *, is_async: bool
) -> EngineCall:
    up: cst.CSTNode | None = parents.get(call)
    name, statement = "", None
    while up is not None and not isinstance(up, cst.BaseCompoundStatement | cst.Module):
        if isinstance(up, cst.Assign) and up.value is call:
            name = module.code_for_node(up.targets[0].target)
        if isinstance(up, cst.AnnAssign) and up.value is call:
            name = module.code_for_node(up.target)
        if isinstance(up, cst.SimpleStatementLine):
            statement = up
        up = parents.get(up)
    top = statement is not None and parents.get(statement) is module
    return EngineCall(path, call, name, statement, is_async, top)


def text_of(node: cst.BaseExpression | None) -> str:
    """Return the value of a string literal; empty for anything else."""
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        return value if isinstance(value, str) else ""
    if isinstance(node, cst.FormattedString):
        return "".join(part.value if isinstance(part, cst.FormattedStringText) else "{}" for part in node.parts)
    return ""


def url_text(source: SourceTree, call: EngineCall) -> str:
    """Return the URL of an engine as far as the source says it: a literal, a constant of the file, or a default."""
    found = argument(call.call, "url", 0)
    if found is None:
        return ""
    return _value_text(source, call.path, found.value)


def _value_text(source: SourceTree, path: str, node: cst.BaseExpression) -> str:
    if text := text_of(node):
        return text
    if isinstance(node, cst.Call):
        return next((text for arg in reversed(node.args) if "://" in (text := text_of(arg.value))), "")
    if isinstance(node, cst.BooleanOperation):
        return _value_text(source, path, node.right)
    if isinstance(node, cst.Name) and (place := definition(source, path, node.value)):
        value = assigned_value(top_level_names(source, place.path)[place.name])
        if value is not None and not isinstance(value, cst.Name):
            return _value_text(source, place.path, value)
    return ""


def edits_of(source: SourceTree, changed: dict[str, cst.Module]) -> tuple[FileEdit, ...]:
    """Return the edits that make these files from what they are."""
    return tuple(
        FileEdit(path=path, before=source.text(path), after=module.code)
        for path, module in sorted(changed.items())
        if source.text(path) != module.code
    )
