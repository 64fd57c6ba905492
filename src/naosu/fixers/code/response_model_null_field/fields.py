"""The field of a schema that must let null through, and how it is written."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from naosu.fixers.code.response_model_null_field.nulls import Null
from naosu.fixers.database.symbols import names_in
from naosu.fixers.editing import replace_nodes
from naosu.fixers.endpoints import Endpoint, lineage, models_named
from naosu.fixers.places import Place, code_of, place_of, statements
from naosu.fixers.pydantic_models import PydanticModel, field_call, fields_of, is_optional
from naosu.ports.fixer import SourceTree


@dataclass(frozen=True, eq=False)
class Strict:
    """A field without room for null.

    Attributes:
        model: The schema of the answer.
        owner: The class that has the field: the schema, or what it is made from.
    """

    model: PydanticModel
    owner: PydanticModel
    name: str
    node: cst.AnnAssign


def strict_field(
    source: SourceTree, models: Sequence[PydanticModel], found: Sequence[Endpoint], null: Null
) -> Strict | None:
    """Return the field behind a null: by the endpoint or model that is named, else by its name if only one fits."""
    starts = [model for model in models if null.model and model.name == null.model]
    if not starts and null.function:
        for endpoint in found:
            if endpoint.function.name.value == null.function:
                starts += models_named(source, endpoint.place, endpoint.response_model, models)
    fits = {(one.owner.path, one.owner.name, one.name): one for one in _walk(source, models, starts, null.fields)}
    if not starts:
        named = [
            model
            for endpoint in found
            for model in models_named(source, endpoint.place, endpoint.response_model, models)
        ]
        fits = {(one.owner.path, one.owner.name, one.name): one for one in _walk(source, models, named, null.fields)}
    return next(iter(fits.values())) if len(fits) == 1 else None


def _walk(
    source: SourceTree, models: Sequence[PydanticModel], starts: Sequence[PydanticModel], fields: tuple[str, ...]
) -> list[Strict]:
    current = list(starts)
    for index, name in enumerate(fields):
        here = [one for model in current if (one := _field(source, model, name)) is not None]
        if index == len(fields) - 1:
            return [
                one for one in here if not is_optional(one.node.annotation.annotation, names_in(source, one.owner.path))
            ]
        if not here:
            continue
        current = [
            model
            for one in here
            if (place := place_of(source, one.owner.path)) is not None
            for model in models_named(source, place, one.node.annotation.annotation, models)
        ]
    return []


def _field(source: SourceTree, model: PydanticModel, name: str) -> Strict | None:
    names_by_owner = [(owner, dict(fields_of(owner.node))) for owner in lineage(model)]
    for owner, named in names_by_owner:
        if name in named:
            return Strict(model, owner, name, named[name])
    for owner, named in names_by_owner:
        names = names_in(source, owner.path)
        for field, node in named.items():
            call = field_call(node.value, names)
            aliases = [arg for arg in (call.args if call else ()) if arg.keyword and "alias" in arg.keyword.value]
            if any(code_of(arg.value).strip("\"'") == name for arg in aliases):
                return Strict(model, owner, field, node)
    return None


def let_null(source: SourceTree, strict: Strict) -> tuple[Place, cst.Module] | None:
    """Return the file with the field optional, None its default unless it has one."""
    place = place_of(source, strict.owner.path)
    node = next((one for one in _same(place, strict)), None)
    if place is None or node is None:
        return None
    return place, replace_nodes(place.module, {node: _optional(source, place, node)})


def _same(place: Place | None, strict: Strict) -> list[cst.AnnAssign]:
    if place is None:
        return []
    classes = [one for one in place.module.body if isinstance(one, cst.ClassDef)]
    own = [one for one in classes if one.name.value == strict.owner.name]
    return [node for one in own for name, node in fields_of(one) if name == strict.name]


def _optional(source: SourceTree, place: Place, node: cst.AnnAssign) -> cst.AnnAssign:
    names = names_in(source, place.path)
    local = next((name for name, full in names.items() if full == "typing.Optional"), "")
    old = code_of(node.annotation.annotation)
    text = f"{local}[{old}]" if local else f"{old} | None"
    annotation = node.annotation.with_changes(annotation=cst.parse_expression(text))
    value = node.value
    call = field_call(value, names)
    if value is None or code_of(value) == "...":
        value = cst.Name("None")
    elif call is not None:
        value = _with_default(call)
    equal = cst.AssignEqual() if node.value is None else node.equal
    return node.with_changes(annotation=annotation, value=value, equal=equal)


def _with_default(call: cst.Call) -> cst.Call:
    """Return ``Field(…)`` with None as default, where it has none yet."""
    first = call.args[0] if call.args else None
    if first is not None and first.keyword is None:
        if code_of(first.value) != "...":
            return call
        return call.with_changes(args=[first.with_changes(value=cst.Name("None")), *call.args[1:]])
    if any(arg.keyword and arg.keyword.value in ("default", "default_factory") for arg in call.args):
        return call
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")) if call.args else cst.MaybeSentinel.DEFAULT
    new = cst.Arg(keyword=cst.Name("default"), value=cst.Name("None"), equal=equal, comma=comma)
    return call.with_changes(args=[new, *call.args])


def override(source: SourceTree, strict: Strict) -> tuple[Place, cst.Module] | None:
    """Return the file of the answer's schema with the field of its parent declared anew, with room for null.

    What requests are read into stays as strict as it was.
    """
    place = place_of(source, strict.model.path)
    if place is None or strict.model is strict.owner:
        return None
    definition = next(
        (one for one in place.module.body if isinstance(one, cst.ClassDef) and one.name.value == strict.model.name),
        None,
    )
    if definition is None or not isinstance(definition.body, cst.IndentedBlock):
        return None
    new = _optional(source, place, strict.node)
    line = statements(code_of(new) + "\n", place.module)
    kept = [one for one in definition.body.body if code_of(one) != "pass"]
    at = next(
        (index + 1 for index, one in enumerate(kept) if _is_field(one)), int(definition.get_docstring() is not None)
    )
    body = definition.body.with_changes(body=[*kept[:at], *line, *kept[at:]])
    return place, replace_nodes(place.module, {definition: definition.with_changes(body=body)})


def _is_field(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], cst.AnnAssign)
