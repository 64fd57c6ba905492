"""Where sessions and connections are taken from the pool and not given back."""

from collections.abc import Iterator, Mapping

import libcst as cst
import msgspec

from naosu.fixers.database.symbols import assigned_value, definition, names_in, top_level_names
from naosu.fixers.editing import dotted_name, nodes_of, qualified_name
from naosu.ports.fixer import SourceTree

_FACTORIES = {"sessionmaker", "async_sessionmaker", "scoped_session"}
_CLASSES = {
    "sqlalchemy.orm.Session", "sqlmodel.Session", "sqlalchemy.ext.asyncio.AsyncSession",
    "sqlalchemy.orm.session.Session", "sqlmodel.ext.asyncio.session.AsyncSession",
}  # fmt: skip
_ENGINES = {"create_engine", "create_async_engine", "engine_from_config"}
NOT_SEARCHED = {"tests", "test", "migrations", "alembic", "versions"}


class Leak(msgspec.Struct, frozen=True):
    """One place that takes and does not give back.

    Attributes:
        kind: ``returned``: a dependency returns what it opens; ``yielded``: it yields it and does not close it;
            ``local``: a function keeps it in a variable; ``state``: a middleware puts it on the request;
            ``next``: a dependency's generator is advanced by hand.
        statement: The line that takes it, or that yields it.
        name: The variable, as it is written.
    """

    path: str
    kind: str
    function: cst.FunctionDef
    statement: cst.SimpleStatementLine
    name: str
    opening: cst.BaseExpression
    is_async: bool = False


class Search:
    """Looks through an application for leaks."""

    def __init__(self, source: SourceTree) -> None:
        """Look at this source."""
        self.source = source

    def leaks(self) -> Iterator[Leak]:
        """Yield every place that takes from the pool and does not give back."""
        for path, module in self.source.modules():
            if NOT_SEARCHED.intersection(path.split("/")) or "test_" in path:
                continue
            names = names_in(self.source, path)
            for function in nodes_of(module, cst.FunctionDef):
                if isinstance(function.body, cst.IndentedBlock):
                    yield from self._in_function(path, function, names)

    def _in_function(self, path: str, function: cst.FunctionDef, names: Mapping[str, str]) -> Iterator[Leak]:
        for line in own_lines(function):
            part = line.body[0]
            if isinstance(part, cst.Return) and part.value is not None and self.opens(path, part.value, names):
                if self.is_dependency(path, function.name.value):
                    yield Leak(
                        path, "returned", function, line, "", part.value, self._is_async(path, part.value, names)
                    )
            elif isinstance(part, cst.Assign) and len(part.targets) == 1:
                yield from self._assigned(path, function, line, part, names)

    def _assigned(
        self,
        path: str,
        function: cst.FunctionDef,
        line: cst.SimpleStatementLine,
        part: cst.Assign,
        names: Mapping[str, str],
    ) -> Iterator[Leak]:
        name = dotted_name(part.targets[0].target)
        value = part.value
        advanced = self._advanced(path, value)
        if not name or not (advanced or self.opens(path, value, names)) or _is_given_back(function, name):
            return
        is_async = self._is_async(path, value, names)
        if name.endswith(("state.db", "state.session")) or ".state." in name:
            yield Leak(path, "state", function, line, name, value, is_async)
        elif "." not in name and _is_yielded(function, name):
            yield Leak(path, "yielded", function, line, name, value, is_async)
        elif "." not in name and not _escapes(function, name):
            yield Leak(path, "next" if advanced else "local", function, line, name, value, is_async)

    def opens(self, path: str, value: cst.BaseExpression, names: Mapping[str, str]) -> bool:
        """Whether an expression takes a session or a connection from the pool."""
        if isinstance(value, cst.Await):
            value = value.expression
        if not isinstance(value, cst.Call):
            return False
        if qualified_name(value.func, names) in _CLASSES:
            return True
        func = value.func
        if isinstance(func, cst.Attribute) and func.attr.value == "connect":
            return self._made_by(path, dotted_name(func.value), _ENGINES)
        name = dotted_name(func)
        return self._made_by(path, name, _FACTORIES) or self._returns_open(path, name)

    def _made_by(self, path: str, name: str, makers: set[str]) -> bool:
        place = definition(self.source, path, name) if name else None
        value = assigned_value(top_level_names(self.source, place.path)[place.name]) if place else None
        return isinstance(value, cst.Call) and dotted_name(value.func).rpartition(".")[2] in makers

    def _is_async(self, path: str, value: cst.BaseExpression, names: Mapping[str, str]) -> bool:
        if isinstance(value, cst.Await):
            return True
        if not isinstance(value, cst.Call):
            return False
        if "Async" in qualified_name(value.func, names):
            return True
        owner = value.func.value if isinstance(value.func, cst.Attribute) else value.func
        place = definition(self.source, path, dotted_name(owner))
        statement = top_level_names(self.source, place.path)[place.name] if place else None
        made = assigned_value(statement) if statement else None
        if not isinstance(made, cst.Call):
            return False
        is_async_class = any("AsyncSession" in dotted_name(arg.value) for arg in made.args)
        return "async" in dotted_name(made.func).rpartition(".")[2] or is_async_class

    def _returns_open(self, path: str, name: str) -> bool:
        """Whether a function of the application opens something and returns it."""
        place = definition(self.source, path, name) if name else None
        function = top_level_names(self.source, place.path)[place.name] if place else None
        if place is None or not isinstance(function, cst.FunctionDef) or place.name == "":
            return False
        if self.is_dependency(place.path, place.name):
            return False
        names = names_in(self.source, place.path)
        returned = [node.value for node in nodes_of(function, cst.Return) if node.value is not None]
        own = place.name
        return any(
            isinstance(one, cst.Call) and dotted_name(one.func) != own and self.opens(place.path, one, names)
            for one in returned
        )

    def _advanced(self, path: str, value: cst.BaseExpression) -> bool:
        """Whether an expression is ``next(get_db())`` of a generator of the application."""
        if not isinstance(value, cst.Call) or dotted_name(value.func) != "next" or not value.args:
            return False
        inner = value.args[0].value
        place = definition(self.source, path, dotted_name(inner.func)) if isinstance(inner, cst.Call) else None
        function = top_level_names(self.source, place.path)[place.name] if place else None
        return isinstance(function, cst.FunctionDef) and bool(nodes_of(function, cst.Yield))

    def is_dependency(self, path: str, name: str) -> bool:
        """Whether a function is asked for by ``Depends`` anywhere."""
        for other, module in self.source.modules(name):
            for call in nodes_of(module, cst.Call):
                if dotted_name(call.func).rpartition(".")[2] not in {"Depends", "Security"} or not call.args:
                    continue
                found = definition(self.source, other, dotted_name(call.args[0].value))
                if found is not None and (found.path, found.name) == (path, name):
                    return True
        return False


def own_lines(function: cst.FunctionDef) -> list[cst.SimpleStatementLine]:
    """Return the lines of a function, without those of functions inside it."""
    inner = {
        id(line)
        for node in nodes_of(function.body, cst.FunctionDef)
        for line in nodes_of(node, cst.SimpleStatementLine)
    }
    return [line for line in nodes_of(function.body, cst.SimpleStatementLine) if id(line) not in inner]


def _is_given_back(function: cst.FunctionDef, name: str) -> bool:
    """Whether a variable is closed whatever happens: in a ``finally``, or by a ``with``."""
    for attempt in nodes_of(function, cst.Try):
        if attempt.finalbody and closes(attempt.finalbody, name):
            return True
    for node in nodes_of(function, cst.With):
        for item in node.items:
            if name in [one.value for one in nodes_of(item.item, cst.Name)]:
                return True
    return False


def closes(node: cst.CSTNode, name: str) -> bool:
    """Whether something in a node closes a variable."""
    return any(dotted_name(call.func) in {f"{name}.close", f"{name}.remove"} for call in nodes_of(node, cst.Call))


def _is_yielded(function: cst.FunctionDef, name: str) -> bool:
    return any(dotted_name(node.value) == name for node in nodes_of(function, cst.Yield) if node.value is not None)


def _escapes(function: cst.FunctionDef, name: str) -> bool:
    """Whether a variable itself outlives the function: returned, kept on something, or declared global."""
    if any(dotted_name(node.value) == name for node in nodes_of(function, cst.Return) if node.value is not None):
        return True
    if any(item.name.value == name for node in nodes_of(function, cst.Global) for item in node.names):
        return True
    kept = [node for node in nodes_of(function, cst.Assign) if dotted_name(node.value) == name]
    return bool(kept) or bool(nodes_of(function, cst.Yield))
