"""The schema by which an endpoint answers: an existing one without secrets, or a new one of what may be seen."""

from collections.abc import Sequence

import libcst as cst

from naosu.fixers.code.security_password_hash_leak.leaks import Leak, is_secret_field
from naosu.fixers.database.symbols import definition, names_in
from naosu.fixers.editing import argument, dotted_name, nodes_of, replace_nodes, with_argument, with_import
from naosu.fixers.endpoints import Endpoint, endpoint_of, lineage
from naosu.fixers.places import code_of
from naosu.fixers.pydantic_models import PydanticModel, fields_of
from naosu.ports.fixer import SourceTree

_OUT = ("out", "read", "public", "response", "view", "show")
_IN = ("in", "create", "update", "db", "login", "base", "internal")


def fields_with_parents(model: PydanticModel) -> set[str]:
    """Return the names of all fields of a model."""
    return {name for one in lineage(model) for name, _ in fields_of(one.node)}


def safe_schema(models: Sequence[PydanticModel], leak: Leak) -> PydanticModel | None:
    """Return the schema for answers whose fields are all among those of the answer, and none is a secret."""
    fits = [
        model
        for model in models
        if not model.is_settings
        and (names := fields_with_parents(model))
        and names <= leak.keys
        and not any(is_secret_field(name) for name in names)
    ]
    return max(fits, key=lambda model: (_rank(model.name), len(fields_with_parents(model))), default=None)


def _rank(name: str) -> int:
    lower = name.lower()
    if any(lower.endswith(word) for word in _OUT):
        return 2
    return 0 if any(lower.endswith(word) for word in _IN) else 1


def leaking_endpoint(found: Sequence[Endpoint], leak: Leak) -> Endpoint | None:
    """Return the endpoint that gave an answer."""
    return endpoint_of(found, leak.exchange.request.method, leak.exchange.request.path)


def with_schema(
    source: SourceTree, module: cst.Module, endpoint: Endpoint, model: PydanticModel, *, is_list: bool
) -> cst.Module:
    """Return the file of an endpoint with its answer read into a schema."""
    name = _name_in(source, endpoint, model)
    annotation = cst.parse_expression(f"list[{name}]" if is_list else name)
    decorator = with_argument(endpoint.decorator, "response_model", annotation)
    changed = replace_nodes(module, {endpoint.decorator: decorator})
    if endpoint.place.path != model.path and "." not in name:
        changed, _ = with_import(changed, source.dotted(model.path), model.name)
    return changed


def _name_in(source: SourceTree, endpoint: Endpoint, model: PydanticModel) -> str:
    """Return how a file names a model: as it is imported there, or through its module."""
    for node in nodes_of(endpoint.place.module, cst.Attribute):
        text = dotted_name(node)
        if text.endswith(f".{model.name}"):
            where = definition(source, endpoint.place.path, text)
            if where is not None and (where.path, where.name) == (model.path, model.name):
                return text
    module = source.dotted(model.path)
    local = next((local for local, full in names_in(source, endpoint.place.path).items() if full == module), "")
    return f"{local}.{model.name}" if local else model.name


def with_exclusion(module: cst.Module, endpoint: Endpoint, fields: Sequence[str]) -> cst.Module | None:
    """Return the file with fields left out of the answer of an endpoint that has a schema. None: it has none."""
    if endpoint.response_model is None or argument(endpoint.decorator, "response_model_exclude") is not None:
        return None
    names = ", ".join(f'"{name}"' for name in fields)
    is_list = "list" in code_of(endpoint.response_model).lower()
    value = f'{{"__all__": {{{names}}}}}' if is_list else f"{{{names}}}"
    decorator = with_argument(endpoint.decorator, "response_model_exclude", cst.parse_expression(value))
    return replace_nodes(module, {endpoint.decorator: decorator})


def with_filtered_returns(module: cst.Module, endpoint: Endpoint, fields: Sequence[str]) -> cst.Module | None:
    """Return the file with FastAPI's own encoder called by the endpoint, with fields left out.

    None: it returns responses that it made itself.
    """
    names = ", ".join(f'"{name}"' for name in fields)
    _, encoder = with_import(module, "fastapi.encoders", "jsonable_encoder")
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    for node in nodes_of(endpoint.function.body, cst.Return):
        if node.value is None:
            continue
        if isinstance(node.value, cst.Call) and code_of(node.value.func).endswith(("Response", "jsonable_encoder")):
            return None
        text = f"{encoder}({code_of(node.value)}, exclude={{{names}}})"
        changes[node.value] = cst.parse_expression(text)
    return with_import(replace_nodes(module, changes), "fastapi.encoders", "jsonable_encoder")[0] if changes else None


def without_keys(module: cst.Module, fields: Sequence[str]) -> cst.Module:
    """Return a file whose dict literals leave these keys out, where they read an attribute or a column for them."""
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    for literal in nodes_of(module, cst.Dict):
        kept = [one for one in literal.elements if not _is_leak(one, fields)]
        if len(kept) == len(literal.elements) or not kept:
            continue
        kept[-1] = kept[-1].with_changes(comma=literal.elements[-1].comma)
        changes[literal] = literal.with_changes(elements=kept)
    return replace_nodes(module, changes) if changes else module


def _is_leak(element: cst.BaseDictElement, fields: Sequence[str]) -> bool:
    return (
        isinstance(element, cst.DictElement)
        and isinstance(element.key, cst.SimpleString)
        and element.key.evaluated_value in fields
        and isinstance(element.value, cst.Attribute | cst.Subscript)
    )
