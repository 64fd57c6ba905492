"""Where an application signs and reads JSON web tokens (PyJWT, python-jose), and where what they return goes."""

from collections.abc import Iterable, Iterator

import libcst as cst
import msgspec

from naosu.fixers.database.symbols import definition, names_in
from naosu.fixers.editing import argument, dotted_name, enclosing_function, nodes_of, qualified_name
from naosu.fixers.places import Place, places_with
from naosu.ports.fixer import SourceTree

ENCODE = frozenset({"jwt.encode", "jwt.api_jwt.encode", "jose.jwt.encode"})
DECODE = frozenset({"jwt.decode", "jwt.api_jwt.decode", "jose.jwt.decode"})


class JwtCall(msgspec.Struct, frozen=True, eq=False):
    """One call of ``encode`` or ``decode``.

    Attributes:
        library: ``jwt`` (PyJWT) or ``jose``.
    """

    place: Place
    call: cst.Call
    library: str

    @property
    def key(self) -> cst.BaseExpression | None:
        """The key that it signs or reads with."""
        arg = argument(self.call, "key", 1)
        return arg.value if arg else None


def jwt_calls(source: SourceTree, wanted: frozenset[str]) -> list[JwtCall]:
    """Return the calls of some functions of these libraries."""
    found: list[JwtCall] = []
    for place in places_with(source, "jwt", "jose"):
        names = names_in(source, place.path)
        for call in nodes_of(place.module, cst.Call):
            full = qualified_name(call.func, names)
            if full in wanted:
                found.append(JwtCall(place, call, full.partition(".")[0]))
    return found


class Flow:
    """Which expressions hold what some calls return: directly, or through names and the application's functions."""

    def __init__(self, source: SourceTree, calls: Iterable[JwtCall]) -> None:
        self._source = source
        self._seeds = {id(one.call) for one in calls}
        self._functions: set[tuple[str, str]] = set()
        self._methods: set[str] = set()
        self._places = {place.path: place for place in places_with(source)}
        while self._grow():
            pass

    @property
    def places(self) -> Iterable[Place]:
        """The application's files."""
        return self._places.values()

    def _grow(self) -> bool:
        before = len(self._functions) + len(self._methods)
        for place in self._places.values():
            for function in nodes_of(place.module, cst.FunctionDef):
                if any(self.holds(place, value) for value in _returned(place, function)):
                    if place.within(function, cst.ClassDef):
                        self._methods.add(function.name.value)
                    else:
                        self._functions.add((place.path, function.name.value))
        return len(self._functions) + len(self._methods) > before

    def holds(self, place: Place, node: cst.BaseExpression | None, hops_max: int = 8) -> bool:
        """Tell whether an expression is what one of the calls returned."""
        if isinstance(node, cst.Await):
            return self.holds(place, node.expression, hops_max)
        if isinstance(node, cst.NamedExpr):
            return self.holds(place, node.value, hops_max)
        if isinstance(node, cst.Call):
            return id(node) in self._seeds or self._is_known(place, node.func)
        if isinstance(node, cst.Name) and hops_max > 0:
            return any(self.holds(place, value, hops_max - 1) for value in self._values(place, node))
        return False

    def _is_known(self, place: Place, func: cst.BaseExpression) -> bool:
        name = dotted_name(func)
        if isinstance(func, cst.Attribute) and func.attr.value in self._methods:
            return True
        found = definition(self._source, place.path, name) if name else None
        return found is not None and (found.path, found.name) in self._functions

    def _values(self, place: Place, name: cst.Name) -> Iterator[cst.BaseExpression]:
        function = enclosing_function(name, place.parents)
        scope: cst.CSTNode = function if isinstance(function, cst.FunctionDef) else place.module
        for assign in nodes_of(scope, cst.Assign):
            names = [dotted_name(target.target) for target in assign.targets]
            if name.value in names and not any(node is name for node in nodes_of(assign.value, cst.Name)):
                yield assign.value
        for typed in nodes_of(scope, cst.AnnAssign):
            if dotted_name(typed.target) == name.value and typed.value is not None:
                yield typed.value
        if isinstance(function, cst.FunctionDef):
            yield from (_call_of(one) for one in _dependencies(function, name.value))


def _call_of(func: cst.BaseExpression) -> cst.Call:
    return cst.Call(func=func)


def _returned(place: Place, function: cst.FunctionDef) -> Iterator[cst.BaseExpression]:
    for node in nodes_of(function, cst.Return):
        if node.value is not None and enclosing_function(node, place.parents) is function:
            yield node.value


def _dependencies(function: cst.FunctionDef, name: str) -> Iterator[cst.BaseExpression]:
    """Yield the functions on which a parameter depends: ``= Depends(f)`` or ``Annotated[..., Depends(f)]``."""
    for param in (*function.params.params, *function.params.kwonly_params):
        if param.name.value != name:
            continue
        for part in (param.default, param.annotation):
            for call in nodes_of(part, cst.Call) if part is not None else ():
                if dotted_name(call.func).rpartition(".")[2] in {"Depends", "Security"} and call.args:
                    yield call.args[0].value


def string_key(node: cst.CSTNode | None) -> str:
    """Return the text of a string literal, else nothing."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else ""
    return ""


def subscript_key(node: cst.Subscript) -> str:
    """Return the text by which something is looked up: ``payload["sub"]`` → ``sub``."""
    index = node.slice[0].slice if len(node.slice) == 1 else None
    return string_key(index.value) if isinstance(index, cst.Index) else ""


def issued_claims(place: Place, call: cst.Call) -> list[cst.DictElement] | None:
    """Return the claims with which a token is made, where they are written out. None: they are not."""
    arg = argument(call, "payload", 0) or argument(call, "claims", 0)
    if arg is None:
        return None
    return _elements(place, arg.value, call)


def _elements(place: Place, value: cst.BaseExpression, near: cst.CSTNode) -> list[cst.DictElement] | None:
    if isinstance(value, cst.Dict):
        return [element for element in value.elements if isinstance(element, cst.DictElement)]
    if isinstance(value, cst.Name):
        function = enclosing_function(near, place.parents)
        scope: cst.CSTNode = function if isinstance(function, cst.FunctionDef) else place.module
        for assign in nodes_of(scope, cst.Assign):
            names = [dotted_name(target.target) for target in assign.targets]
            if value.value in names and isinstance(assign.value, cst.Dict):
                return _elements(place, assign.value, near)
    return None
