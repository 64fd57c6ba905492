"""Reading and changing Python files with libcst, for all fixers: names, nodes, imports."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import libcst as cst

from naosu.domain.repair import FileEdit

N = TypeVar("N", bound=cst.CSTNode)
Change = cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNode] | Callable[[cst.CSTNode], object]


def dotted_name(node: cst.CSTNode | None) -> str:
    """Return ``a.b.c`` for a name or a chain of attributes, else an empty string."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute) and (head := dotted_name(node.value)):
        return f"{head}.{node.attr.value}"
    return ""


def imported_names(module: cst.Module, package: str = "") -> dict[str, str]:
    """Return what each imported local name stands for, wherever in the file it is imported: ``sa`` → ``sqlalchemy``.

    Relative imports are made absolute by the dotted `package` that the file is in.
    """
    names: dict[str, str] = {}
    for node in nodes_of(module, cst.Import):
        for alias in node.names:
            full = dotted_name(alias.name)
            local = _local_name(alias)
            names[local or full.partition(".")[0]] = full if local else full.partition(".")[0]
    for found in nodes_of(module, cst.ImportFrom):
        if isinstance(found.names, cst.ImportStar):
            continue
        source = import_source(found, package)
        for alias in found.names:
            names[_local_name(alias) or dotted_name(alias.name)] = f"{source}.{dotted_name(alias.name)}".lstrip(".")
    return names


def _local_name(alias: cst.ImportAlias) -> str:
    return dotted_name(alias.asname.name) if alias.asname else ""


def import_source(node: cst.ImportFrom, package: str = "") -> str:
    """Return the absolute dotted module from which something is imported."""
    module = dotted_name(node.module)
    if not node.relative:
        return module
    parts = package.split(".") if package else []
    base = parts[: len(parts) - (len(node.relative) - 1)]
    return ".".join([*base, *([module] if module else [])])


def qualified_name(node: cst.CSTNode | None, names: Mapping[str, str]) -> str:
    """Return the full name behind a name or attribute chain, by the imports of its file."""
    head, dot, rest = dotted_name(node).partition(".")
    return f"{names.get(head, head)}{dot}{rest}"


class _Collector(cst.CSTVisitor):
    def __init__(self, kinds: tuple[type[cst.CSTNode], ...]) -> None:
        self.kinds = kinds
        self.found: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, self.kinds):
            self.found.append(node)
        return True


def nodes_of(root: cst.CSTNode, *kinds: type[N]) -> list[N]:
    """Return all nodes of these kinds below (and including) a node, in the order of the text."""
    collector = _Collector(kinds)
    root.visit(collector)
    return collector.found  # type: ignore[return-value]


class _Replacer(cst.CSTTransformer):
    def __init__(self, changes: Mapping[cst.CSTNode, Change]) -> None:
        self.changes = {id(node): change for node, change in changes.items()}

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> Any:
        change = self.changes.get(id(original_node))
        if change is None:
            return updated_node
        return change(updated_node) if callable(change) else change


def replace_nodes(module: cst.Module, changes: Mapping[cst.CSTNode, Change]) -> cst.Module:
    """Return the module with these nodes (by identity) replaced, removed, or changed by a function of the node."""
    changed = module.visit(_Replacer(changes))
    if not isinstance(changed, cst.Module):  # pragma: no cover - a module cannot be removed from itself
        raise TypeError("a module stays a module")
    return changed


def file_edit(path: str, before: cst.Module, after: cst.Module) -> FileEdit:
    """Return the change of one file."""
    return FileEdit(path=path, before=before.code, after=after.code)


def parents_of(module: cst.Module) -> dict[cst.CSTNode, cst.CSTNode]:
    """Return the parent of every node of a module. Nodes are told apart by identity."""
    found: dict[cst.CSTNode, cst.CSTNode] = {}
    waiting: list[cst.CSTNode] = [module]
    while waiting:
        node = waiting.pop()
        for child in node.children:
            found[child] = node
            waiting.append(child)
    return found


def ancestors(node: cst.CSTNode, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> Iterator[cst.CSTNode]:
    """Yield what a node is in, the innermost first."""
    while (parent := parents.get(node)) is not None:
        yield parent
        node = parent


def enclosing_function(
    node: cst.CSTNode, parents: Mapping[cst.CSTNode, cst.CSTNode]
) -> cst.FunctionDef | cst.Lambda | None:
    """Return the innermost function that a node is in. None: it runs when the module is imported."""
    return next((up for up in ancestors(node, parents) if isinstance(up, cst.FunctionDef | cst.Lambda)), None)


def argument(call: cst.Call, keyword: str, position: int | None = None) -> cst.Arg | None:
    """Return an argument of a call by its keyword, or by its place among the positional ones."""
    for arg in call.args:
        if arg.keyword and arg.keyword.value == keyword:
            return arg
    if position is None or position >= len(call.args):
        return None
    before = call.args[: position + 1]
    return None if any(arg.keyword or arg.star for arg in before) else before[-1]


def with_argument(call: cst.Call, keyword: str, value: cst.BaseExpression) -> cst.Call:
    """Return a call with this keyword argument set, added at its end when it was not there."""
    for index, arg in enumerate(call.args):
        if arg.keyword and arg.keyword.value == keyword:
            return call.with_changes(args=[*call.args[:index], arg.with_changes(value=value), *call.args[index + 1 :]])
    added = cst.Arg(
        keyword=cst.Name(keyword),
        value=value,
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )
    if not call.args:
        return call.with_changes(args=[added])
    last = call.args[-1]
    if isinstance(last.comma, cst.Comma):  # a trailing comma: the line break after it belongs after the new argument
        gap = call.whitespace_before_args if _is_broken(call.whitespace_before_args) else cst.SimpleWhitespace(" ")
        kept = last.with_changes(comma=cst.Comma(whitespace_after=gap))
        return call.with_changes(args=[*call.args[:-1], kept, added.with_changes(comma=last.comma)])
    gap = call.whitespace_before_args if _is_broken(last.whitespace_after_arg) else cst.SimpleWhitespace(" ")
    kept = last.with_changes(comma=cst.Comma(whitespace_after=gap), whitespace_after_arg=cst.SimpleWhitespace(""))
    added = added.with_changes(whitespace_after_arg=last.whitespace_after_arg)
    return call.with_changes(args=[*call.args[:-1], kept, added])


def _is_broken(space: cst.BaseParenthesizableWhitespace) -> bool:
    return isinstance(space, cst.ParenthesizedWhitespace)


def without_argument(call: cst.Call, arg: cst.Arg) -> cst.Call:
    """Return a call without one of its arguments (by identity)."""
    rest = [one for one in call.args if one is not arg]
    if rest and call.args[-1] is arg:
        rest[-1] = rest[-1].with_changes(comma=arg.comma, whitespace_after_arg=arg.whitespace_after_arg)
    return call.with_changes(args=rest)


def with_import(module: cst.Module, source: str, name: str = "") -> tuple[cst.Module, str]:
    """Return the module with ``from source import name`` (or ``import source``) at its top, and the name to use.

    What is imported already is used under the name that it has.
    """
    nodes = [node for line in _top_imports(module) for node in line.body]
    for node in nodes:
        if local := _already(node, source, name):
            return module, local
    if name and (known := [node for node in nodes if _names_from(node, source)]):
        node = known[0]
        return replace_nodes(module, {node: _with_name(node, _names_from(node, source), name)}), name
    code = f"from {source} import {name}" if name else f"import {source}"
    line = cst.parse_module(code + "\n").body[0]
    return _with_top_statement(module, line, source), name or source


def _names_from(node: cst.CSTNode, source: str) -> Sequence[cst.ImportAlias]:
    """Return what a ``from source import …`` names; nothing for any other statement."""
    if isinstance(node, cst.ImportFrom) and not node.relative and dotted_name(node.module) == source:
        return () if isinstance(node.names, cst.ImportStar) else node.names
    return ()


def _already(node: cst.CSTNode, source: str, name: str) -> str:
    if name:
        found = (alias for alias in _names_from(node, source) if dotted_name(alias.name) == name)
        return next((_local_name(alias) or name for alias in found), "")
    if isinstance(node, cst.Import):
        found = (alias for alias in node.names if dotted_name(alias.name) == source)
        return next((_local_name(alias) or source for alias in found), "")
    return ""


def _rank(name: str) -> tuple[int, str]:
    """Order names as isort does: constants, classes, the rest."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2), name


def _with_name(node: cst.BaseSmallStatement, names: Sequence[cst.ImportAlias], name: str) -> cst.BaseSmallStatement:
    """Insert a name where the order of the others wants it; at the end when they have none."""
    values = [dotted_name(alias.name) for alias in names]
    orders: tuple[Callable[[str], Any], ...] = (_rank, str.lower, str)
    order = next((order for order in orders if values == sorted(values, key=order)), None)
    place = len(values)
    if order is not None:
        place = next((i for i, value in enumerate(values) if order(value) > order(name)), len(values))
    gap: Any = names[0].comma if len(names) > 1 else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    new = cst.ImportAlias(name=cst.Name(name), comma=gap)
    if place == len(values):
        last = names[-1]
        return node.with_changes(names=[*names[:-1], last.with_changes(comma=gap), new.with_changes(comma=last.comma)])
    return node.with_changes(names=[*names[:place], new, *names[place:]])


def _top_imports(module: cst.Module) -> list[cst.SimpleStatementLine]:
    """Return the statements at the top level that import."""
    return [
        line
        for line in module.body
        if isinstance(line, cst.SimpleStatementLine)
        and any(isinstance(node, cst.Import | cst.ImportFrom) for node in line.body)
    ]


def _source_of(line: cst.SimpleStatementLine) -> str:
    node = line.body[0]
    if isinstance(node, cst.ImportFrom):
        return "." * len(node.relative) + dotted_name(node.module)
    return dotted_name(node.names[0].name) if isinstance(node, cst.Import) else ""


def _with_top_statement(
    module: cst.Module, new: cst.SimpleStatementLine | cst.BaseCompoundStatement, source: str
) -> cst.Module:
    """Put an import where isort would: in the block of its own kind, in its order."""
    lines = [line for line in _top_imports(module) if _source_of(line) != "__future__"]
    blocks: list[list[cst.SimpleStatementLine]] = []
    for line in lines:
        if line.leading_lines or not blocks:
            blocks.append([])
        blocks[-1].append(line)
    block = next((block for block in blocks if any(_is_kin(_source_of(line), source) for line in block)), None)
    body = list(module.body)
    if block is None:
        return _with_own_block(module, new, lines, is_standard=_is_standard(source))
    earlier = [line for line in block if _source_of(line) < source]
    if earlier:
        body.insert(body.index(earlier[-1]) + 1, new)
    else:
        first = block[0]
        at = body.index(first)
        body[at : at + 1] = [new.with_changes(leading_lines=first.leading_lines), first.with_changes(leading_lines=[])]
    return module.with_changes(body=body)


def _is_standard(source: str) -> bool:
    return source.partition(".")[0] in sys.stdlib_module_names


def _is_kin(one: str, other: str) -> bool:
    """Tell whether two modules stand in one block: both of Python itself, or both not."""
    return _is_standard(one) == _is_standard(other)


def _with_own_block(
    module: cst.Module,
    new: cst.SimpleStatementLine | cst.BaseCompoundStatement,
    lines: Sequence[cst.SimpleStatementLine],
    *,
    is_standard: bool,
) -> cst.Module:
    body = list(module.body)
    if lines and is_standard:
        first = lines[0]
        at = body.index(first)
        gap = cst.EmptyLine(indent=False)
        moved = [new.with_changes(leading_lines=first.leading_lines), first.with_changes(leading_lines=[gap])]
        body[at : at + 1] = moved
    else:
        imports = _top_imports(module)
        at = body.index(imports[-1]) + 1 if imports else int(module.get_docstring() is not None)
        body.insert(at, new.with_changes(leading_lines=[cst.EmptyLine(indent=False)] if at else []))
    return module.with_changes(body=body)
