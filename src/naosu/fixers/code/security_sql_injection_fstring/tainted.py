"""Which expressions of a function may hold what a request said."""

from collections.abc import Iterator

import libcst as cst

from naosu.fixers.call_next import assigned, names_read
from naosu.fixers.editing import nodes_of
from naosu.fixers.places import code_of

_SAFE_TYPES = frozenset({
    "int", "float", "bool", "UUID", "uuid.UUID", "Decimal", "decimal.Decimal", "date", "datetime", "datetime.date",
    "datetime.datetime", "int | None", "Optional[int]", "float | None", "Optional[float]", "bool | None",
})  # fmt: skip
_SAFE_CALLS = frozenset({"int", "float", "bool", "len", "uuid.UUID", "UUID", "abs", "round"})
_HOLDERS = frozenset({
    "self", "cls", "db", "session", "conn", "connection", "cursor", "cur", "engine", "tx", "transaction", "database",
    "pool",
})  # fmt: skip


def tainted_names(function: cst.FunctionDef) -> set[str]:
    """Return the names that may hold text from outside: parameters other than numbers, what is made of them."""
    found = {name for name, type_ in _parameters(function) if name not in _HOLDERS and not _is_safe(type_)}
    if any(name.value == "request" for name in nodes_of(function, cst.Name)):
        found.add("request")
    for line in nodes_of(function.body, cst.SimpleStatementLine):
        target, value = assigned(line)
        if isinstance(target, cst.Name) and value is not None and is_tainted(value, found):
            found.add(target.value)
    return found


def _parameters(function: cst.FunctionDef) -> Iterator[tuple[str, str]]:
    for param in (*function.params.params, *function.params.kwonly_params, *function.params.posonly_params):
        yield param.name.value, code_of(param.annotation.annotation) if param.annotation else ""


def _is_safe(type_: str) -> bool:
    inner = type_.removeprefix("Annotated[").partition(",")[0] if type_.startswith("Annotated[") else type_
    return inner in _SAFE_TYPES or inner.endswith(("Session", "Connection", "Cursor", "Engine"))


def is_tainted(node: cst.BaseExpression, names: set[str]) -> bool:
    """Tell whether an expression may hold text from outside."""
    if isinstance(node, cst.Call) and code_of(node.func) in _SAFE_CALLS:
        return False
    if isinstance(node, cst.Call | cst.Await) and any(
        word in code_of(node) for word in (".execute(", ".query(", ".fetch", ".scalar")
    ):
        return False
    return bool(names_read(node) & names)
