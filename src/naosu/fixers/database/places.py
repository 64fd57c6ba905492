"""Which statement stands on a line, and what it is in."""

from collections.abc import Mapping

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from naosu.fixers.editing import nodes_of, parents_of


def positions(module: cst.Module) -> Mapping[cst.CSTNode, CodeRange]:
    """Return where each node of a module stands; of this module's own nodes, not of a copy."""
    found: Mapping[cst.CSTNode, CodeRange] = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    return found


def statement_at(module: cst.Module, line: int) -> cst.BaseStatement | None:
    """Return the innermost statement that a line belongs to."""
    where = positions(module)
    best: tuple[int, cst.BaseStatement] | None = None
    for node in where:
        if not isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            continue
        span = where[node]
        if span.start.line <= line <= span.end.line:
            size = span.end.line - span.start.line
            if best is None or size <= best[0]:
                best = (size, node)
    return best[1] if best else None


def function_of(module: cst.Module, node: cst.CSTNode) -> cst.FunctionDef | None:
    """Return the innermost function that a node is in."""
    parents = parents_of(module)
    up = parents.get(node)
    while up is not None and not isinstance(up, cst.FunctionDef):
        up = parents.get(up)
    return up


def is_awaited(statement: cst.CSTNode) -> bool:
    """Whether something in a statement is awaited."""
    return bool(nodes_of(statement, cst.Await))
