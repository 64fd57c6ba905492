"""Functions that answer requests in FastAPI applications, and the models that their decorators name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

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
    """Return the endpoint that answers a request: the one whose path is the longest end of it."""
    asked = path.partition("?")[0]
    fitting = [one for one in found if one.method in ("", method) and _pattern(one.path).search(asked)]
    return max(fitting, key=lambda one: (one.path.count("/"), -one.path.count("{"), len(one.path)), default=None)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", path.rstrip("/"))
    return re.compile("[^/]+".join(re.escape(part) for part in parts) + "/?$")


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
