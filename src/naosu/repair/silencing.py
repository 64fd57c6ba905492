"""What in a change only makes a fault fall silent: read from the code, for no answer shows it."""

import ast
import re
from collections.abc import Iterable, Iterator

from naosu.domain.evidence import Crash
from naosu.domain.repair import FileEdit

_ANY = frozenset({"Exception", "BaseException"})
_LOGGING = frozenset({"debug", "info", "warning", "error", "critical", "exception", "log", "msg"})
_MISSING = re.compile(r"has no attribute '(?P<name>\w+)'")


def silencing(edits: Iterable[FileEdit], crashes: Iterable[Crash]) -> Iterator[str]:
    """Yield what in these edits only hides the fault: it is swallowed, stepped around, or its report is removed."""
    raised = [raised for crash in crashes for raised in crash.chain]
    names = _ANY | {one.name for one in raised}
    missing = {found["name"] for one in raised if (found := _MISSING.search(one.message))}
    for edit in edits:
        if not edit.path.endswith(".py") or edit.before is None or edit.after is None:
            continue
        before, after = _parsed(edit.before), _parsed(edit.after)
        if before is not None and after is not None:
            yield from (f"{edit.path}: {said}" for said in _changes(before, after, names, missing))


def _changes(before: ast.Module, after: ast.Module, names: frozenset[str], missing: set[str]) -> Iterator[str]:
    if _swallowed(after, names) > _swallowed(before, names):
        yield "the exception is caught and dropped"
    for name in sorted(missing):
        if _asked_for(after, name) > _asked_for(before, name):
            yield f"what needs the attribute {name!r} is left out where it is missing"
    if _flattened_headers(after) > _flattened_headers(before):
        yield "a repeated header, such as a second Set-Cookie, is lost in dict(….headers)"
    if _logged(after) < _logged(before):
        yield "something that was logged is not any more"


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _swallowed(tree: ast.Module, names: frozenset[str]) -> int:
    """Return how many handlers of these exceptions do nothing about them; `contextlib.suppress` is one."""
    handlers = (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))
    dropped = sum(1 for one in handlers if _catches(one, names) and all(map(_is_idle, one.body)))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _last(node.func) == "suppress")
    return dropped + sum(1 for call in calls if names.intersection(map(_last, call.args)))


def _catches(handler: ast.ExceptHandler, names: frozenset[str]) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return not names.isdisjoint(map(_last, kinds))


def _is_idle(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass | ast.Continue):
        return True
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    return isinstance(value, ast.Constant) or (isinstance(value, ast.Call) and _is_logging(value))


def _asked_for(tree: ast.Module, name: str) -> int:
    """Return how often the code asks whether a thing has this attribute."""
    return sum(
        1
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _last(node.func) in ("hasattr", "getattr") and len(node.args) > 1
        if isinstance(node.args[1], ast.Constant) and node.args[1].value == name
    )


def _flattened_headers(tree: ast.Module) -> int:
    return sum(
        1
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "headers" and isinstance(node.value, ast.Call)
        if _last(node.value.func) == "dict" and any(_last(argument) == "headers" for argument in node.value.args)
    )


def _logged(tree: ast.Module) -> int:
    return sum(1 for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_logging(node))


def _is_logging(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id == "print"
    holder = _last(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    return isinstance(call.func, ast.Attribute) and call.func.attr in _LOGGING and "log" in holder.lower()


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return _last(node.func)
    return node.id if isinstance(node, ast.Name) else ""
