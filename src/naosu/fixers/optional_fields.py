"""Fields of models that let None through, and have no default."""

from collections.abc import Iterator, Mapping

import libcst as cst

from naosu.fixers.editing import argument
from naosu.fixers.pydantic_models import PydanticModel, field_call, fields_of, is_optional


def without_default(model: PydanticModel, names: Mapping[str, str]) -> Iterator[tuple[str, cst.AnnAssign]]:
    """Yield a model's own fields that may be None, but must be given; ``...`` says so on purpose, and is left."""
    for name, field in fields_of(model.node):
        if is_optional(field.annotation.annotation, names) and not _has_default(field, names):
            yield name, field


def _has_default(field: cst.AnnAssign, names: Mapping[str, str]) -> bool:
    if field.value is None:
        return _annotated_default(field, names)
    call = field_call(field.value, names)
    if call is None:
        return True
    return any(argument(call, keyword, place) for keyword, place in (("default", 0), ("default_factory", None)))


def _annotated_default(field: cst.AnnAssign, names: Mapping[str, str]) -> bool:
    annotation = field.annotation.annotation
    if not isinstance(annotation, cst.Subscript):
        return False
    inner = [item.slice.value for item in annotation.slice[1:] if isinstance(item.slice, cst.Index)]
    calls = [call for one in inner if (call := field_call(one, names)) is not None]
    return any(argument(call, "default_factory") for call in calls)


def with_none(field: cst.AnnAssign) -> cst.AnnAssign:
    """Return a field that is None unless given."""
    if isinstance(field.value, cst.Call):
        first = cst.Arg(cst.Name("None"), comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
        args = [first if field.value.args else cst.Arg(cst.Name("None")), *field.value.args]
        return field.with_changes(value=field.value.with_changes(args=args))
    space = cst.SimpleWhitespace(" ")
    return field.with_changes(value=cst.Name("None"), equal=cst.AssignEqual(space, space))
