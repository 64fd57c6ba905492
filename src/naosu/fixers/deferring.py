"""Letting imports wait: names become strings, or are imported where a function runs, or only for type checkers."""

from collections.abc import Iterable, Mapping, Sequence

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.cycles import ImportEdge, Need, Use
from naosu.fixers.editing import (
    Change,
    argument,
    dotted_name,
    file_edit,
    nodes_of,
    parents_of,
    replace_nodes,
    with_import,
)
from naosu.fixers.mapped import ModelOf, annotation_words


def deferred(edges: Sequence[ImportEdge], models: Sequence[ModelOf]) -> tuple[FileEdit, ...]:
    """Return the edits after which these imports no longer run when their modules are imported; none where unsure."""
    edits = []
    for path in dict.fromkeys(edge.path for edge in edges):
        own = [edge for edge in edges if edge.path == path]
        after = _module_after(own, models)
        if after is None:
            return ()
        edits.append(file_edit(path, own[0].module, after))
    return tuple(edits)


def _module_after(edges: Sequence[ImportEdge], models: Sequence[ModelOf]) -> cst.Module | None:
    module = edges[0].module
    parents = parents_of(module)
    lazy = _has_lazy_annotations(module)
    changes: dict[cst.CSTNode, Change] = {}
    checked: list[tuple[ImportEdge, set[str]]] = []
    for edge in edges:
        for use in edge.uses:
            change = _without_name(use, models, parents, lazy=lazy)
            if change is None:
                return None
            changes.update(change)
        late = [use for use in edge.uses if use.need is Need.FUNCTION]
        for function in {id(use.holder): use.holder for use in late}.values():
            if isinstance(function, cst.FunctionDef):
                changes[function.body] = _importing(changes.get(function.body), edge, _names_in(function, edge))
        wanted = {name for name in edge.names.values() if _stays_in_annotations(module, edge, name)}
        checked.append((edge, wanted))
    changes.update(_removals(edges))
    module = replace_nodes(module, changes)
    lines = [line for edge, names in checked if (line := _import_line(edge, names))]
    return _with_type_checking(module, lines) if lines else module


def _has_lazy_annotations(module: cst.Module) -> bool:
    return any(
        dotted_name(node.module) == "__future__" and "annotations" in module.code_for_node(node)
        for node in nodes_of(module, cst.ImportFrom)
    )


def _without_name(
    use: Use, models: Sequence[ModelOf], parents: Mapping[cst.CSTNode, cst.CSTNode], *, lazy: bool
) -> dict[cst.CSTNode, Change] | None:
    """Return the replacements by which a use needs no import. None: there are none."""
    if use.need is Need.FUNCTION or (use.need is Need.ANNOTATION and lazy):
        return {}
    if use.need is Need.ANNOTATION:
        return _quoted_annotation(use, parents)
    if use.need is Need.FOREIGN_KEY:
        key = _column_name(dotted_name(use.node), models)
        return {use.node: cst.SimpleString(f'"{key}"')} if key else None
    if isinstance(use.holder, cst.Call):
        return _quoted_argument(use, use.holder, parents)
    return None


def _quoted_annotation(use: Use, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> dict[cst.CSTNode, Change]:
    """Quote the name, or all of the union that it is part of: a string and a type make no union."""
    node: cst.BaseExpression = use.node
    up: cst.CSTNode = use.node
    while up is not use.holder:
        if isinstance(up, cst.BinaryOperation):
            node = up
        up = parents[up]
    return {node: cst.SimpleString(f'"{_plain(node)}"')}


def _plain(node: cst.BaseExpression) -> str:
    """Return the code of an expression, without the quotes of strings in it."""
    strings = nodes_of(node, cst.SimpleString)
    code = cst.Module([]).code_for_node(node)
    for string in strings:
        code = code.replace(string.value, string.raw_value)
    return code.rpartition(".")[2] if dotted_name(node) else code


def _quoted_argument(
    use: Use, call: cst.Call, parents: Mapping[cst.CSTNode, cst.CSTNode]
) -> dict[cst.CSTNode, Change] | None:
    arg = next((arg for arg in call.args if _contains(arg, use.node)), None)
    if arg is None:
        return None
    keyword = arg.keyword.value if arg.keyword else ""
    if arg is argument(call, "argument", 0):
        return {arg.value: cst.SimpleString(f'"{dotted_name(use.node).rpartition(".")[2]}"')}
    if keyword not in {"foreign_keys", "primaryjoin", "secondaryjoin", "order_by", "remote_side"}:
        return None
    value = arg.value.body if isinstance(arg.value, cst.Lambda) else arg.value
    code = cst.Module([]).code_for_node(value)
    return None if '"' in code else {arg.value: cst.SimpleString(f'"{code}"')}


def _contains(root: cst.CSTNode, node: cst.CSTNode) -> bool:
    return any(one is node for one in nodes_of(root, type(node)))


def _column_name(dotted: str, models: Sequence[ModelOf]) -> str:
    """Return ``users.id`` for ``User.id``."""
    head, _, attribute = dotted.rpartition(".")
    name = head.rpartition(".")[2] if head else dotted
    model = next((model for model in models if model.name == name), None)
    return f"{model.table}.{attribute}" if model and model.table and head and attribute in model.columns else ""


def _names_in(function: cst.FunctionDef, edge: ImportEdge) -> set[str]:
    return {node.value for node in nodes_of(function.body, cst.Name)} & set(edge.names.values())


def _importing(before: Change | None, edge: ImportEdge, names: set[str]) -> Change:
    """Return a change of a function's body that puts the import at its start, after its docstring."""

    def changed(node: cst.CSTNode) -> cst.CSTNode:
        if callable(before):
            node = cst.ensure_type(before(node), cst.IndentedBlock)
        line = _import_line(edge, names)
        if not isinstance(node, cst.IndentedBlock) or line is None:
            return node
        at = int(_is_docstring(node.body[0]))
        return node.with_changes(body=[*node.body[:at], line, *node.body[at:]])

    return changed


def _is_docstring(statement: cst.BaseStatement) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def _stays_in_annotations(module: cst.Module, edge: ImportEdge, name: str) -> bool:
    if any(use.need is Need.ANNOTATION and dotted_name(use.node).partition(".")[0] == name for use in edge.uses):
        return True
    return any(name in annotation_words(node.annotation) for node in nodes_of(module, cst.Annotation))


def _import_line(edge: ImportEdge, names: Iterable[str]) -> cst.SimpleStatementLine | None:
    """Return the edge's import with these of its names only."""
    wanted = set(names)
    aliases = [alias for alias in _aliases(edge) if _local(alias) in wanted]
    if not aliases:
        return None
    kept = [alias.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))) for alias in aliases]
    kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return cst.SimpleStatementLine(body=[edge.node.with_changes(names=kept, lpar=None, rpar=None)])


def _aliases(edge: ImportEdge) -> Sequence[cst.ImportAlias]:
    return () if isinstance(edge.node.names, cst.ImportStar) else edge.node.names


def _local(alias: cst.ImportAlias) -> str:
    return dotted_name(alias.asname.name) if alias.asname else dotted_name(alias.name)


def _removals(edges: Sequence[ImportEdge]) -> dict[cst.CSTNode, Change]:
    changes: dict[cst.CSTNode, Change] = {}
    for node in {id(edge.node): edge.node for edge in edges}.values():
        own = [edge for edge in edges if edge.node is node]
        gone = {name for edge in own for name in edge.names.values()}
        rest = [alias for alias in _aliases(own[0]) if _local(alias) not in gone]
        if not rest:
            changes[own[0].line if len(own[0].line.body) == 1 else node] = cst.RemovalSentinel.REMOVE
            continue
        rest[-1] = rest[-1].with_changes(comma=_aliases(own[0])[-1].comma)
        changes[node] = node.with_changes(names=rest)
    return changes


def _with_type_checking(module: cst.Module, lines: Sequence[cst.SimpleStatementLine]) -> cst.Module:
    """Put imports under ``if TYPE_CHECKING:``, into the block that is there or into a new one after the imports."""
    body = list(module.body)
    for index, statement in enumerate(body):
        if isinstance(statement, cst.If) and dotted_name(statement.test).rpartition(".")[2] == "TYPE_CHECKING":
            block = cst.ensure_type(statement.body, cst.IndentedBlock)
            body[index] = statement.with_changes(body=block.with_changes(body=[*block.body, *lines]))
            return module.with_changes(body=body)
    module, name = with_import(module, "typing", "TYPE_CHECKING")
    body = list(module.body)
    imports = [index for index, line in enumerate(body) if _imports(line)]
    guard = cst.If(test=cst.Name(name), body=cst.IndentedBlock(body=lines), leading_lines=[cst.EmptyLine(indent=False)])
    body.insert(imports[-1] + 1, guard)
    return module.with_changes(body=body)


def _imports(line: cst.CSTNode) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Import | cst.ImportFrom)
