"""Functions that answer requests in FastAPI applications, and the models that their decorators name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from naosu.fixers.call_next import assigned
from naosu.fixers.database.symbols import definition
from naosu.fixers.editing import argument, dotted_name, nodes_of
from naosu.fixers.places import Place, places_with
from naosu.fixers.pydantic_models import PydanticModel
from naosu.ports.fixer import SourceTree

METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "api_route"})


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One path operation.

    Attributes:
        method: Upper case; empty: several.
        path: As its decorator writes it, without the prefixes of routers.
    """

    place: Place
    function: cst.FunctionDef
    decorator: cst.Call
    method: str
    path: str

    @property
    def response_model(self) -> cst.BaseExpression | None:
        """What it says it answers: ``response_model=``, else its return annotation."""
        named = argument(self.decorator, "response_model")
        if named is not None:
            return named.value
        return self.function.returns.annotation if self.function.returns is not None else None


def endpoints(source: SourceTree) -> Iterator[Endpoint]:
    """Yield the path operations of an application."""
    for place in places_with(source, "@"):
        yield from endpoints_in(place)


def endpoints_in(place: Place) -> Iterator[Endpoint]:
    """Yield the path operations of a file."""
    for function in nodes_of(place.module, cst.FunctionDef):
        for decorator in function.decorators:
            call = decorator.decorator
            if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute):
                method = call.func.attr.value
                path = argument(call, "path", 0)
                if method in METHODS and path is not None and isinstance(path.value, cst.SimpleString):
                    upper = "" if method == "api_route" else method.upper()
                    yield Endpoint(place, function, call, upper, str(path.value.evaluated_value))


def endpoint_of(found: Sequence[Endpoint], method: str, path: str) -> Endpoint | None:
    """Return the endpoint that answers a request: the one whose path fits best, as prefixes may not be known."""
    asked = path.partition("?")[0]
    fitting = [(_fit(one, asked), one) for one in found if one.method in ("", method)]
    best = max(fitting, key=lambda one: one[0], default=((0, 0, 0), None))
    return best[1] if best[0][0] else None


def _fit(endpoint: Endpoint, asked: str) -> tuple[int, int, int]:
    """Return how well a path fits: whole before its end alone, many fixed parts before few, fewer placeholders."""
    full = _router_prefix(endpoint) + endpoint.path
    fixed = sum(1 for part in full.split("/") if part and not part.startswith("{"))
    if _pattern(full).fullmatch(asked):
        return 3, fixed, -full.count("{")
    if fixed and re.search(_pattern(full).pattern + "$", asked):
        return 2, fixed, -full.count("{")
    if not fixed and endpoint.path.count("/") < asked.count("/") and re.search(_pattern(full).pattern + "$", asked):
        return 1, 0, full.count("{")
    return 0, 0, 0


def _router_prefix(endpoint: Endpoint) -> str:
    """Return the ``prefix=`` of a decorator's router, and of its ``include_router`` in the same file."""
    func = endpoint.decorator.func
    router = dotted_name(func.value) if isinstance(func, cst.Attribute) else ""
    prefix = ""
    for line in nodes_of(endpoint.place.module, cst.SimpleStatementLine):
        target, value = assigned(line)
        if isinstance(target, cst.Name) and target.value == router and isinstance(value, cst.Call):
            prefix = _text(argument(value, "prefix")) + prefix
    for call in nodes_of(endpoint.place.module, cst.Call):
        if (
            dotted_name(call.func).endswith(".include_router")
            and call.args
            and dotted_name(call.args[0].value) == router
        ):
            prefix = _text(argument(call, "prefix")) + prefix
    return prefix


def _text(arg: cst.Arg | None) -> str:
    return str(arg.value.evaluated_value) if arg is not None and isinstance(arg.value, cst.SimpleString) else ""


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", path.rstrip("/"))
    return re.compile("[^/]+".join(re.escape(part) for part in parts) + "/?")


def models_named(
    source: SourceTree, place: Place, annotation: cst.BaseExpression | None, models: Sequence[PydanticModel]
) -> list[PydanticModel]:
    """Return the models that an annotation names, ``list[X]`` and ``X | None`` included."""
    if annotation is None:
        return []
    known = {(model.path, model.name): model for model in models}
    found = []
    for node in nodes_of(annotation, cst.Name, cst.Attribute):
        where = definition(source, place.path, dotted_name(node)) if dotted_name(node) else None
        if where is not None and (where.path, where.name) in known:
            found.append(known[where.path, where.name])
    return found


def lineage(model: PydanticModel) -> Iterator[PydanticModel]:
    """Yield a model and the application's own models that it is made from."""
    yield model
    for parent in model.parents:
        yield from lineage(parent)


def inputs(source: SourceTree, models: Sequence[PydanticModel]) -> set[tuple[str, str]]:
    """Return path and name of the models that requests are read into, with all that these are made from."""
    found: set[tuple[str, str]] = set()
    for endpoint in endpoints(source):
        params = [*endpoint.function.params.params, *endpoint.function.params.kwonly_params]
        for param in params:
            annotation = param.annotation.annotation if param.annotation else None
            for model in models_named(source, endpoint.place, annotation, models):
                found |= {(one.path, one.name) for one in lineage(model)}
    return found
