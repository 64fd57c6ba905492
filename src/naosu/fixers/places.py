"""Where things stand in a Python file: lines to nodes, statements and their blocks, new statements in its style."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeVar

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from naosu.domain.evidence import CodeFrame
from naosu.fixers.editing import ancestors, nodes_of, parents_of
from naosu.ports.fixer import SourceTree

N = TypeVar("N", bound=cst.CSTNode)


class Place:
    """One Python file of the application with the lines and parents of its nodes."""

    def __init__(self, path: str, module: cst.Module) -> None:
        self.path = path
        self.module = module

    @cached_property
    def _positions(self) -> dict[cst.CSTNode, tuple[int, int]]:
        ranges = MetadataWrapper(self.module, unsafe_skip_copy=True).resolve(PositionProvider)
        return {node: (span.start.line, span.end.line) for node, span in ranges.items()}

    @cached_property
    def parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        """The parent of every node."""
        return parents_of(self.module)

    def lines(self, node: cst.CSTNode) -> tuple[int, int]:
        """Return the first and the last line of a node, from 1."""
        return self._positions.get(node, (0, 0))

    def at(self, line: int, *kinds: type[N]) -> list[N]:
        """Return the nodes of these kinds that a line is part of, the innermost first."""
        found = [node for node in nodes_of(self.module, *kinds) if self.lines(node)[0] <= line <= self.lines(node)[1]]
        return sorted(found, key=self._size)

    def _size(self, node: cst.CSTNode) -> tuple[int, int]:
        first, last = self.lines(node)
        return last - first, -sum(1 for _ in ancestors(node, self.parents))

    def function_at(self, line: int) -> cst.FunctionDef | None:
        """Return the innermost function that a line is in."""
        return next(iter(self.at(line, cst.FunctionDef)), None)

    def line_of(self, node: cst.CSTNode) -> str:
        """Return ``path:line: code`` of a node, for a person."""
        first = self.lines(node)[0]
        text = self.module.code.splitlines()
        return f"{self.path}:{first}: {text[first - 1].strip()}" if 0 < first <= len(text) else self.path

    def within(self, node: cst.CSTNode, *kinds: type[N]) -> N | None:
        """Return the innermost node of these kinds that a node is in."""
        return next((up for up in ancestors(node, self.parents) if isinstance(up, kinds)), None)


def place_of(source: SourceTree, path: str) -> Place | None:
    """Return a file of the application. None: it is absent, or does not parse."""
    module = source.module(path) if path else None
    return Place(path, module) if module is not None else None


def places_with(source: SourceTree, *needles: str) -> Iterator[Place]:
    """Yield the application's Python files whose text contains any of these; tests are left out."""
    for path, module in source.modules(*needles):
        if not is_test(path):
            yield Place(path, module)


def is_test(path: str) -> bool:
    """Tell whether a file holds tests, by its path."""
    parts = path.split("/")
    return any(part in ("tests", "test") for part in parts[:-1]) or parts[-1].startswith(("test_", "conftest"))


def frame_places(source: SourceTree, frames: Sequence[CodeFrame]) -> Iterator[tuple[Place, CodeFrame]]:
    """Yield the application's own frames with their files, the innermost first."""
    for frame in reversed(frames):
        if frame.source_path and (place := place_of(source, frame.source_path)) is not None:
            yield place, frame


def statements(code: str, module: cst.Module) -> list[cst.BaseStatement]:
    """Return new statements from text, to be put into a module."""
    parsed = cst.parse_module(code, config=module.config_for_parsing).visit(_BareEmptyLines())
    return list(parsed.body) if isinstance(parsed, cst.Module) else []


class _BareEmptyLines(cst.CSTTransformer):
    """Leaves no spaces on empty lines, wherever they are put."""

    def leave_EmptyLine(self, original_node: cst.EmptyLine, updated_node: cst.EmptyLine) -> cst.EmptyLine:  # noqa: N802 - libcst's name
        return updated_node if updated_node.comment else updated_node.with_changes(indent=False)


def replaced_in(statement: cst.BaseStatement, old: cst.CSTNode, new: cst.CSTNode) -> cst.BaseStatement:
    """Return a statement with one node in it (by identity) replaced; it stays a statement."""
    changed: object = statement.deep_replace(old, new)
    return changed if isinstance(changed, cst.BaseStatement) else statement


def block_of(node: cst.FunctionDef | cst.BaseCompoundStatement) -> list[cst.BaseStatement]:
    """Return the statements of a compound statement's body."""
    body = node.body
    return list(body.body) if isinstance(body, cst.IndentedBlock) else []


def code_of(node: cst.CSTNode) -> str:
    """Return a node's text, stripped."""
    return cst.Module(body=[]).code_for_node(node).strip()


def free_name(wish: str, inside: cst.CSTNode) -> str:
    """Return a name that nothing inside a node has yet: the wish, or the wish with a number."""
    attributes = {id(node.attr) for node in nodes_of(inside, cst.Attribute)}
    taken = {node.value for node in nodes_of(inside, cst.Name) if id(node) not in attributes}
    return next(name for name in (wish, *(f"{wish}_{number}" for number in range(2, 1000))) if name not in taken)
