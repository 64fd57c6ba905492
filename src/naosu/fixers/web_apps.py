"""Web applications in source: where they are made, what is added to them, and what names stand for."""

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from naosu.fixers.call_next import assigned
from naosu.fixers.editing import imported_names, nodes_of, qualified_name
from naosu.fixers.places import Place, place_of, places_with
from naosu.ports.fixer import SourceTree

ASGI = ("fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette")
FLASK = ("flask.Flask", "flask.app.Flask")
HOPS_MAX = 4


@dataclass(frozen=True, eq=False)
class App:
    """``app = FastAPI()``, at the top of a file or in a function.

    Attributes:
        name: The name that holds it.
        line: The statement that makes it.
        function: None: it is made when the module is imported.
    """

    place: Place
    name: str
    call: cst.Call
    line: cst.SimpleStatementLine
    function: cst.FunctionDef | None


def names_in(source: SourceTree, place: Place) -> dict[str, str]:
    """Return what the imported names of a file stand for, relative imports made absolute."""
    dotted = source.dotted(place.path)
    package = dotted if place.path.endswith("__init__.py") else dotted.rpartition(".")[0]
    return imported_names(place.module, package)


def apps(source: SourceTree, kinds: tuple[str, ...]) -> Iterator[App]:
    """Yield the applications of these kinds that are made and kept under a name."""
    for place in places_with(source, *{kind.rpartition(".")[2] for kind in kinds}):
        names = names_in(source, place)
        for line in nodes_of(place.module, cst.SimpleStatementLine):
            target, value = assigned(line)
            if not isinstance(target, cst.Name) or not isinstance(value, cst.Call):
                continue
            if qualified_name(value.func, names) in kinds:
                yield App(place, target.value, value, line, place.within(line, cst.FunctionDef))


def added(app: App, methods: tuple[str, ...]) -> list[cst.SimpleStatementLine]:
    """Return the statements of an application's own block that call one of these methods on it."""
    found = []
    for line in nodes_of(app.place.module, cst.SimpleStatementLine):
        call = line.body[0].value if isinstance(line.body[0], cst.Expr) else None
        if app.place.within(line, cst.FunctionDef) is not app.function or not isinstance(call, cst.Call):
            continue
        func = call.func
        if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name) and func.value.value == app.name:
            found += [line] if func.attr.value in methods else []
    return found


def value_behind(source: SourceTree, place: Place, node: cst.BaseExpression) -> tuple[Place, cst.BaseExpression] | None:
    """Follow a name, also into other modules and to the defaults of settings classes, to the expression behind it.

    None: it cannot be told.
    """
    for _ in range(HOPS_MAX):
        if not isinstance(node, cst.Name | cst.Attribute):
            return place, node
        found = _one_hop(source, place, node)
        if found is None:
            return None
        place, node = found
    return None


def _one_hop(
    source: SourceTree, place: Place, node: cst.Name | cst.Attribute
) -> tuple[Place, cst.BaseExpression] | None:
    names = names_in(source, place)
    full = qualified_name(node, names)
    if isinstance(node, cst.Name) and node.value not in names:
        value = top_value(place, node.value)
        return (place, value) if value is not None else None
    holder, _, attr = full.rpartition(".")
    if (path := source.find_module(holder)) is not None and (other := place_of(source, path)) is not None:
        value = top_value(other, attr)
        return (other, value) if value is not None else None
    return _in_instance(source, place, holder, attr)


def _in_instance(source: SourceTree, place: Place, holder: str, attr: str) -> tuple[Place, cst.BaseExpression] | None:
    """``settings.origins``, where ``settings = Settings()`` and the class has the default."""
    module, _, name = holder.rpartition(".")
    where = place if not module else None
    if module and (path := source.find_module(module)) is not None:
        where = place_of(source, path)
    made = top_value(where, name) if where is not None else None
    if where is None or not isinstance(made, cst.Call) or not isinstance(made.func, cst.Name):
        return None
    for definition in nodes_of(where.module, cst.ClassDef):
        if definition.name.value == made.func.value:
            value = _class_value(definition, attr)
            return (where, value) if value is not None else None
    return None


def _class_value(definition: cst.ClassDef, attr: str) -> cst.BaseExpression | None:
    for line in definition.body.body:
        target, value = assigned(line)
        if isinstance(target, cst.Name) and target.value == attr:
            return value
    return None


def top_value(place: Place, name: str) -> cst.BaseExpression | None:
    """Return what a name is set to at the top of a file: the last such value."""
    found = None
    for line in place.module.body:
        target, value = assigned(line)
        if isinstance(target, cst.Name) and target.value == name:
            found = value
    return found
