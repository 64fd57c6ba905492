"""Which functions of an application a request or a crash runs through, as far as its source says."""

import re
from collections.abc import Iterable, Iterator

import libcst as cst
import msgspec

from naosu.domain.evidence import CodeFrame, WebRequest
from naosu.fixers.cycles import ROUTE_METHODS
from naosu.fixers.editing import dotted_name, nodes_of
from naosu.fixers.mapped import string_of
from naosu.ports.fixer import SourceTree

FUNCTIONS_MAX = 200
_EVERYBODYS = frozenset({"get", "all", "first", "one", "add", "commit", "execute", "items", "append", "join", "close"})
"""Names of methods that say nothing of what is called."""


class FunctionOf(msgspec.Struct, frozen=True):
    """A function of the application."""

    path: str
    module: cst.Module
    node: cst.FunctionDef

    @property
    def name(self) -> str:
        """As it is defined."""
        return self.node.name.value


def functions(source: SourceTree) -> Iterator[FunctionOf]:
    """Yield all functions and methods of an application."""
    for path, module in source.modules():
        for node in nodes_of(module, cst.FunctionDef):
            yield FunctionOf(path, module, node)


def framed(source: SourceTree, frames: Iterable[CodeFrame]) -> list[FunctionOf]:
    """Return the functions that frames of a traceback are in, by file and name."""
    wanted = {(frame.source_path, frame.function.rpartition(".")[2]) for frame in frames if frame.source_path}
    return [one for one in functions(source) if (one.path, one.name) in wanted]


def handling(source: SourceTree, requests: Iterable[WebRequest]) -> list[FunctionOf]:
    """Return the functions whose routes fit requests. Of several that fit, those with the longest path."""
    routes = [(method, template, one) for one in functions(source) for method, template in routes_of(one.node)]
    found: list[FunctionOf] = []
    for request in requests:
        path = request.path.partition("?")[0].rstrip("/") or "/"
        fitting = [
            (_length(template), one)
            for method, template, one in routes
            if method in {"", request.method.lower()} and _fits(template, path)
        ]
        longest = max((length for length, _ in fitting), default=0)
        found += [one for length, one in fitting if length == longest and one not in found]
    return found


def routes_of(node: cst.FunctionDef) -> Iterator[tuple[str, str]]:
    """Yield the method (empty: any) and the path of each route that decorates a function."""
    for decorator in node.decorators:
        call = decorator.decorator
        if not isinstance(call, cst.Call) or not call.args:
            continue
        method = dotted_name(call.func).rpartition(".")[2]
        path = string_of(call.args[0].value)
        if method in ROUTE_METHODS and (path.startswith("/") or not path):
            yield ("" if method in {"route", "api_route"} else method), path


def _length(template: str) -> tuple[int, int]:
    """Fixed parts say more than parameters."""
    parts = [part for part in template.split("/") if part]
    return len(parts), sum(not re.search(r"[{<]", part) for part in parts)


def _fits(template: str, path: str) -> bool:
    parts = re.split(r"(\{[^}]*\}|<[^>]*>)", template.rstrip("/"))
    pattern = "".join("[^/]+" if part[:1] in {"{", "<"} else re.escape(part) for part in parts)
    return re.search(f"{pattern}$" if pattern else "^/$", path) is not None


def reached(source: SourceTree, starts: Iterable[FunctionOf]) -> list[FunctionOf]:
    """Return these functions and those of the application that they name, directly or through others."""
    by_name: dict[str, list[FunctionOf]] = {}
    for one in functions(source):
        by_name.setdefault(one.name, []).append(one)
    classes = {
        node.name.value: [FunctionOf(path, module, inner) for inner in nodes_of(node, cst.FunctionDef)]
        for path, module in source.modules()
        for node in nodes_of(module, cst.ClassDef)
    }
    found: list[FunctionOf] = []
    waiting = list(starts)
    while waiting and len(found) < FUNCTIONS_MAX:
        one = waiting.pop(0)
        if any(one.node is known.node for known in found):
            continue
        found.append(one)
        for name in _named(one.node):
            waiting.extend(by_name.get(name, ()))
            if name in classes:
                waiting.extend(inner for inner in classes[name] if inner.name in {"__init__", "__call__"})
    return found


def _named(node: cst.FunctionDef) -> set[str]:
    names = {one.value for one in nodes_of(node, cst.Name)} - {node.name.value}
    return names - _EVERYBODYS | {
        one.attr.value
        for one in nodes_of(node, cst.Attribute)
        if one.attr.value in _EVERYBODYS and isinstance(one.value, cst.Call | cst.Name) and _is_own(one.value)
    }


def _is_own(node: cst.BaseExpression) -> bool:
    """Tell whether a method's owner has a telling name: ``Shelves().get(…)`` is none, ``repository.get(…)`` is."""
    name = dotted_name(node.func if isinstance(node, cst.Call) else node)
    return bool(re.search(r"(?i)repo|service|store|dao|crud|gateway", name))
