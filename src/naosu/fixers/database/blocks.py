"""Statements written as text and put among others, in the style of their file."""

from collections.abc import Callable, Sequence

import libcst as cst

from naosu.fixers.editing import nodes_of


def parsed(module: cst.Module, text: str) -> list[cst.BaseStatement]:
    """Return statements from their text, indented by four spaces a level, in the style of a file."""
    body = list(cst.parse_module(text, config=module.config_for_parsing).body)
    return [one for one in body if isinstance(one, cst.BaseStatement)]


def with_blank(statements: Sequence[cst.BaseStatement], count: int = 1) -> list[cst.BaseStatement]:
    """Return statements with blank lines before the first."""
    first, *rest = statements
    lines = [cst.EmptyLine(indent=False, whitespace=cst.SimpleWhitespace(""))] * count
    return [first.with_changes(leading_lines=lines), *rest]


class _Bodies(cst.CSTTransformer):
    """Rewrites every list of statements that holds a chosen one."""

    def __init__(
        self, wanted: cst.CSTNode, change: Callable[[list[cst.BaseStatement], int], list[cst.BaseStatement]]
    ) -> None:
        self.wanted = wanted
        self.change = change
        self.hit = False

    def _changed(
        self, original: Sequence[cst.BaseStatement], updated: Sequence[cst.BaseStatement]
    ) -> list[cst.BaseStatement]:
        for index, statement in enumerate(original):
            if statement is self.wanted:
                self.hit = True
                return self.change(list(updated), index)
        return list(updated)

    def leave_IndentedBlock(self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock) -> cst.BaseSuite:  # noqa: N802
        return updated_node.with_changes(body=self._changed(original_node.body, updated_node.body))

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:  # noqa: N802
        return updated_node.with_changes(body=self._changed(original_node.body, updated_node.body))


def change_block(
    module: cst.Module,
    statement: cst.CSTNode,
    change: Callable[[list[cst.BaseStatement], int], list[cst.BaseStatement]],
) -> cst.Module:
    """Return the module with the statements around one changed: `change` gets all of its block, and its index."""
    changed = module.visit(_Bodies(statement, change))
    if not isinstance(changed, cst.Module):  # pragma: no cover - a module cannot be removed from itself
        raise TypeError("a module stays a module")
    return changed


def insert_before(module: cst.Module, statement: cst.CSTNode, new: Sequence[cst.BaseStatement]) -> cst.Module:
    """Return the module with statements before another, which take its blank lines and comments."""

    def change(body: list[cst.BaseStatement], index: int) -> list[cst.BaseStatement]:
        old = body[index]
        lines = getattr(old, "leading_lines", ())
        first = new[0].with_changes(leading_lines=[*lines, *getattr(new[0], "leading_lines", ())])
        return [*body[:index], first, *new[1:], old.with_changes(leading_lines=[]), *body[index + 1 :]]

    return change_block(module, statement, change)


def insert_after(module: cst.Module, statement: cst.CSTNode, new: Sequence[cst.BaseStatement]) -> cst.Module:
    """Return the module with statements behind another."""
    return change_block(module, statement, lambda body, index: [*body[: index + 1], *new, *body[index + 1 :]])


def define_after(
    module: cst.Module, statement: cst.CSTNode, new: Sequence[cst.BaseStatement], *, is_top_level: bool
) -> cst.Module:
    """Return the module with a function behind a statement, and blank lines around it as the style guide wants them."""
    count = 2 if is_top_level else 1
    blank = [cst.EmptyLine(indent=False, whitespace=cst.SimpleWhitespace(""))] * count

    def change(body: list[cst.BaseStatement], index: int) -> list[cst.BaseStatement]:
        rest = body[index + 1 :]
        if rest and len([one for one in getattr(rest[0], "leading_lines", ()) if one.comment is None]) < count:
            kept = [one for one in getattr(rest[0], "leading_lines", ()) if one.comment is not None]
            rest[0] = rest[0].with_changes(leading_lines=[*blank, *kept])
        return [*body[: index + 1], *with_blank(new, count), *rest]

    return change_block(module, statement, change)


def append_to(function: cst.FunctionDef, at: int, new: Sequence[cst.BaseStatement]) -> cst.FunctionDef:
    """Return a function with statements at this place of its body."""
    body = list(function.body.body)
    return function.with_changes(body=function.body.with_changes(body=[*body[:at], *new, *body[at:]]))


def docstring_length(function: cst.FunctionDef) -> int:
    """Return how many statements of a function are its docstring."""
    return 1 if function.get_docstring() is not None else 0


def statement_of(module: cst.Module, node: cst.CSTNode) -> cst.BaseStatement | None:
    """Return the innermost statement that stands in a block of its own line and holds a node."""
    best = None
    for line in nodes_of(module, cst.SimpleStatementLine):
        if any(one is node for one in _all(line)):
            best = line
    return best


def _all(node: cst.CSTNode) -> list[cst.CSTNode]:
    found, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += one.children
    return found
