"""Edits after which what was taken from the pool is given back."""

import libcst as cst

from naosu.fixers.code.database_pool_exhausted_session_leak.leaks import Leak, closes, own_lines
from naosu.fixers.database.blocks import change_block, parsed
from naosu.fixers.editing import dotted_name, nodes_of, replace_nodes, with_import


def given_back(module: cst.Module, leak: Leak) -> cst.Module | None:
    """Return the module with one leak mended. None: it cannot be done without changing more."""
    makers = {"returned": _as_dependency, "yielded": _closed_after_yield, "local": _in_with, "next": _in_with,
              "state": _closed_after_call}  # fmt: skip
    function = next((one for one in nodes_of(module, cst.FunctionDef) if one.deep_equals(leak.function)), None)
    if function is None:
        return None
    line = next((one for one in own_lines(function) if one.deep_equals(leak.statement)), None)
    return makers[leak.kind](module, leak, function, line) if line is not None else None


def _close(leak: Leak, name: str) -> str:
    return f"await {name}.close()" if leak.is_async else f"{name}.close()"


def _as_dependency(
    module: cst.Module, leak: Leak, function: cst.FunctionDef, line: cst.SimpleStatementLine
) -> cst.Module | None:
    """Let a dependency yield what it returned, and close it once the request is done."""
    is_async = cst.Asynchronous() if leak.is_async and function.asynchronous is None else function.asynchronous
    opening = module.code_for_node(leak.opening)
    text = f"db = {opening}\ntry:\n    yield db\nfinally:\n    {_close(leak, 'db')}\n"
    block = parsed(module, text)
    block[0] = block[0].with_changes(leading_lines=line.leading_lines)
    body = list(function.body.body)
    if line not in body:
        return None
    at = next(index for index, one in enumerate(body) if one is line)
    changed = function.with_changes(
        asynchronous=is_async,
        returns=None,
        body=function.body.with_changes(body=[*body[:at], *block, *body[at + 1 :]]),
    )
    return replace_nodes(module, {function: changed})


def _closed_after_yield(
    module: cst.Module, leak: Leak, function: cst.FunctionDef, line: cst.SimpleStatementLine
) -> cst.Module | None:
    """Close what a dependency yields, whatever happens to the request."""
    yielding = next(
        (
            one
            for one in own_lines(function)
            for node in nodes_of(one, cst.Yield)
            if dotted_name(node.value) == leak.name
        ),
        None,
    )
    if yielding is None:
        return None
    block = parsed(module, f"try:\n    pass\nfinally:\n    {_close(leak, leak.name)}\n")[0]

    def change(body: list[cst.BaseStatement], index: int) -> list[cst.BaseStatement]:
        rest = [one for one in body[index + 1 :] if not _is_close(one, leak.name)]
        inner = [body[index].with_changes(leading_lines=[]), *rest]
        return [*body[:index], block.with_changes(body=cst.IndentedBlock(body=inner))]

    return change_block(module, yielding, change)


def _is_close(statement: cst.BaseStatement, name: str) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1 and closes(statement, name)


class _WithoutClose(cst.CSTTransformer):
    """Removes the lines that close a variable: what the ``with`` does now."""

    def __init__(self, name: str) -> None:
        self.name = name

    def leave_SimpleStatementLine(  # noqa: N802  # libcst's name
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.RemovalSentinel:
        return cst.RemoveFromParent() if _is_close(original_node, self.name) else updated_node


def _in_with(
    module: cst.Module, leak: Leak, function: cst.FunctionDef, line: cst.SimpleStatementLine
) -> cst.Module | None:
    """Let a ``with`` hold the variable for the rest of its block."""
    opening = module.code_for_node(leak.opening).removeprefix("await ")
    result = module
    if leak.kind == "next" and isinstance(leak.opening, cst.Call):
        inner = leak.opening.args[0].value
        opening = f"contextmanager({module.code_for_node(inner.func)})()" if isinstance(inner, cst.Call) else opening
    keyword = "async with" if leak.is_async else "with"
    block = parsed(module, f"async def _():\n    {keyword} {opening} as {leak.name}:\n        pass\n")[0]
    held = nodes_of(block, cst.With)[0]

    def change(body: list[cst.BaseStatement], index: int) -> list[cst.BaseStatement]:
        rest = [
            kept
            for one in body[index + 1 :]
            if isinstance(kept := one.visit(_WithoutClose(leak.name)), cst.BaseStatement)
        ]
        if not rest:
            return body
        rest[0] = rest[0].with_changes(
            leading_lines=[one for one in getattr(rest[0], "leading_lines", ()) if one.comment]
        )
        lines = getattr(body[index], "leading_lines", ())
        new = held.with_changes(body=cst.IndentedBlock(body=rest), leading_lines=lines)
        return [*body[:index], new]

    result = change_block(result, line, change)
    if leak.kind == "next":
        result, _ = with_import(result, "contextlib", "contextmanager")
    return result if result.code != module.code else None


def _closed_after_call(
    module: cst.Module, leak: Leak, function: cst.FunctionDef, line: cst.SimpleStatementLine
) -> cst.Module | None:
    """Close what a middleware put on the request, once it is answered."""
    if not any(dotted_name(call.func).endswith("call_next") for call in nodes_of(function, cst.Call)):
        return None
    block = parsed(module, f"try:\n    pass\nfinally:\n    {_close(leak, leak.name)}\n")[0]

    def change(body: list[cst.BaseStatement], index: int) -> list[cst.BaseStatement]:
        rest = [one for one in body[index + 1 :] if not _is_close(one, leak.name)]
        return [*body[: index + 1], block.with_changes(body=cst.IndentedBlock(body=rest))] if rest else body

    return change_block(module, line, change)
