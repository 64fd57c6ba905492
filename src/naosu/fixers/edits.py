"""Several changes of one Python file, collected and then made together."""

from collections.abc import Callable
from typing import Any

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.editing import dotted_name, file_edit, nodes_of, replace_nodes, with_import

Step = Callable[[Any], Any]


class Edits:
    """The changes of one file. Changes of nodes within one another, or of one node, are made one after the other."""

    def __init__(self, path: str, module: cst.Module) -> None:
        self.path = path
        self.module = module
        self._steps: dict[int, tuple[cst.CSTNode, list[Step]]] = {}
        self._imports: dict[tuple[str, str], None] = {}
        self._moved: dict[tuple[str, str], tuple[str, str]] = {}
        self._dropped: dict[tuple[str, str], None] = {}
        self._unused: dict[tuple[str, str], None] = {}

    def __bool__(self) -> bool:
        """There is something to change."""
        return bool(self._steps or self._moved)

    def change(self, node: cst.CSTNode, step: Step) -> None:
        """Let a function of the node, as it is by then, return what replaces it."""
        self._steps.setdefault(id(node), (node, []))[1].append(step)

    def replace(self, node: cst.CSTNode, code: str) -> None:
        """Put an expression from text in a node's place."""
        self.change(node, lambda _: cst.parse_expression(code))

    def need(self, source: str, name: str = "") -> None:
        """Import a name, unless it is."""
        self._imports[source, name] = None

    def drop_if_unused(self, source: str, name: str) -> None:
        """Stop importing a name, once nothing uses it."""
        self._unused[source, name] = None

    def drop(self, source: str, name: str) -> None:
        """Stop importing a name, whatever says it."""
        self._dropped[source, name] = None

    def move_import(self, source: str, name: str, new_source: str, new_name: str = "") -> None:
        """Import a name from elsewhere; what the file calls it stays, but for an alias, which goes."""
        self._moved[source, name] = (new_source, new_name or name)

    def result(self) -> cst.Module:
        """Return the module with all changes made."""
        module = replace_nodes(self.module, {node: _in_turn(steps) for node, steps in self._steps.values()})
        for (source, name), (new_source, new_name) in self._moved.items():
            module = _moved(module, source, name, new_source, new_name)
        for source, name in self._dropped:
            module = _without_import(module, source, name)
        for source, name in self._imports:
            module, _ = with_import(module, source, name)
        for source, name in self._unused:
            module = without_unused_import(module, source, name)
        return module

    def file_edit(self) -> FileEdit:
        """Return all of it as the change of one file."""
        return file_edit(self.path, self.module, self.result())


def _in_turn(steps: list[Step]) -> Step:
    def all_of(node: Any) -> Any:
        for step in steps:
            if not isinstance(node, cst.CSTNode):
                break
            node = step(node)
        return node

    return all_of


def _without_import(module: cst.Module, source: str, name: str) -> cst.Module:
    for node in nodes_of(module, cst.ImportFrom):
        if isinstance(node.names, cst.ImportStar) or not _is_from(node, source):
            continue
        alias = next((alias for alias in node.names if dotted_name(alias.name) == name), None)
        if alias is not None:
            return _without_alias(module, node, alias)
    return module


def without_unused_import(module: cst.Module, source: str, name: str) -> cst.Module:
    """Return the module without ``from source import name``, when nothing else in it says that name."""
    for node in nodes_of(module, cst.ImportFrom):
        if isinstance(node.names, cst.ImportStar) or not _is_from(node, source):
            continue
        alias = next((alias for alias in node.names if dotted_name(alias.name) == name), None)
        if alias is None or _is_said(module, dotted_name(alias.asname.name) if alias.asname else name, alias):
            continue
        return _without_alias(module, node, alias)
    return module


def _is_from(node: cst.ImportFrom, source: str) -> bool:
    """Tell whether a statement imports from a module; of a relative one, only what it says is compared."""
    said = dotted_name(node.module)
    return said == source or bool(node.relative and said and source.endswith(f".{said}"))


def _moved(module: cst.Module, source: str, name: str, new_source: str, new_name: str) -> cst.Module:
    for node in nodes_of(module, cst.ImportFrom):
        if isinstance(node.names, cst.ImportStar) or not _is_from(node, source):
            continue
        alias = next((alias for alias in node.names if dotted_name(alias.name) == name), None)
        if alias is None:
            continue
        local = dotted_name(alias.asname.name) if alias.asname else name
        module, new_local = with_import(_without_alias(module, node, alias), new_source, new_name)
        if new_local != local:
            used = [one for one in nodes_of(module, cst.Name) if one.value == local]
            module = replace_nodes(module, {one: cst.Name(new_local) for one in used})
        return module
    return module


def _is_said(module: cst.Module, local: str, alias: cst.ImportAlias) -> bool:
    own = {id(node) for node in nodes_of(alias, cst.Name)}
    names = any(node.value == local and id(node) not in own for node in nodes_of(module, cst.Name))
    return names or any(local in node.value for node in nodes_of(module, cst.SimpleString))


def _without_alias(module: cst.Module, node: cst.ImportFrom, alias: cst.ImportAlias) -> cst.Module:
    if isinstance(node.names, cst.ImportStar):
        return module
    rest = [one for one in node.names if one is not alias]
    if rest and node.names[-1] is alias:
        rest[-1] = rest[-1].with_changes(comma=alias.comma)
    if rest:
        return replace_nodes(module, {node: node.with_changes(names=rest)})
    line = next(
        line for line in nodes_of(module, cst.SimpleStatementLine) if any(statement is node for statement in line.body)
    )
    if len(line.body) > 1:
        return replace_nodes(module, {node: cst.RemoveFromParent()})
    following = next((one for one, before in zip(module.body[1:], module.body, strict=False) if before is line), None)
    changes: dict[cst.CSTNode, Any] = {line: cst.RemoveFromParent()}
    if following is not None and line.leading_lines and not following.leading_lines:
        kept = line.leading_lines
        changes[following] = lambda one: one.with_changes(leading_lines=kept)
    return replace_nodes(module, changes)
