"""Attributes of models without a type: Pydantic 1 took it from the value, Pydantic 2 wants it written."""

import libcst as cst

from naosu.fixers.code.validation_pydantic_v1_api.scope import Scope
from naosu.fixers.editing import argument, nodes_of
from naosu.fixers.edits import Step
from naosu.fixers.pydantic_models import FIELD, PydanticModel, fields_of

_IGNORED = frozenset({"model_config", "Config"})
_DESCRIPTORS = frozenset({
    "pydantic.PrivateAttr", "pydantic.validator", "pydantic.root_validator", "pydantic.field_validator",
    "pydantic.computed_field", "property", "classmethod", "staticmethod", "functools.partial",
    "functools.cached_property",
})  # fmt: skip


def refused(scope: Scope, read_on_class: frozenset[tuple[str, str]]) -> bool:
    """Write the types. Return whether any was missing and could be told.

    Args:
        scope: The file.
        read_on_class: Class and attribute of what is read as ``Class.attribute`` anywhere: a constant, not a field.
    """
    found = False
    for model in scope.models:
        for line, assign, name in untyped(model):
            type_ = _type(scope, model, name, assign.value, is_constant=(model.name, name) in read_on_class)
            if type_:
                scope.edits.change(line, _typed(assign, name, type_))
                if type_.startswith("ClassVar"):
                    scope.edits.need("typing", "ClassVar")
                scope.note(f"{model.name}.{name} has no type")
                found = True
    return found


def untyped(model: PydanticModel) -> list[tuple[cst.SimpleStatementLine, cst.Assign, str]]:
    """Return the attributes of a model without a type that Pydantic 2 refuses."""
    lines = model.node.body.body if isinstance(model.node.body, cst.IndentedBlock) else ()
    return [
        (line, part, target.value)
        for line in lines
        if isinstance(line, cst.SimpleStatementLine)
        for part in line.body
        if isinstance(part, cst.Assign) and len(part.targets) == 1
        if isinstance(target := part.targets[0].target, cst.Name)
        if not target.value.startswith("_") and target.value not in _IGNORED
    ]


def _type(scope: Scope, model: PydanticModel, name: str, value: cst.BaseExpression, *, is_constant: bool) -> str:
    if isinstance(value, cst.Call) and scope.full(value.func) in _DESCRIPTORS:
        return ""
    if isinstance(value, cst.Lambda):
        return ""
    inherited = _inherited(model, name)
    if inherited is not None:
        return scope.module.code_for_node(inherited)
    inferred = _inferred(scope, value)
    if inferred and is_constant:
        return f"ClassVar[{inferred}]"
    if inferred or isinstance(value, cst.Name):
        return inferred
    return "ClassVar" if isinstance(value, cst.Call) and scope.full(value.func) not in FIELD else ""


def _inherited(model: PydanticModel, name: str) -> cst.BaseExpression | None:
    for parent in model.parents:
        own = dict(fields_of(parent.node)).get(name)
        if own is not None and parent.path == model.path:
            return own.annotation.annotation
        if (further := _inherited(parent, name)) is not None:
            return further
    return None


def _inferred(scope: Scope, value: cst.BaseExpression) -> str:
    if isinstance(value, cst.Call) and scope.full(value.func) in FIELD:
        default = argument(value, "default", 0)
        return _inferred(scope, default.value) if default is not None else ""
    if isinstance(value, cst.UnaryOperation):
        return _inferred(scope, value.expression)
    if isinstance(value, cst.Name) and value.value in {"True", "False"}:
        return "bool"
    kinds: tuple[tuple[type[cst.CSTNode], str], ...] = (
        (cst.SimpleString, "str"), (cst.ConcatenatedString, "str"), (cst.FormattedString, "str"),
        (cst.Integer, "int"), (cst.Float, "float"), (cst.List, "list"), (cst.Dict, "dict"), (cst.Set, "set"),
        (cst.Tuple, "tuple"),
    )  # fmt: skip
    found = next((name for kind, name in kinds if isinstance(value, kind)), "")
    if isinstance(value, cst.SimpleString) and "b" in value.prefix:
        return "bytes"
    return found


def _typed(assign: cst.Assign, name: str, type_: str) -> Step:
    annotated = cst.AnnAssign(
        target=cst.Name(name), annotation=cst.Annotation(cst.parse_expression(type_)), value=assign.value
    )

    def typed(line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
        return line.with_changes(
            body=[
                annotated.with_changes(value=part.value) if isinstance(part, cst.Assign) else part for part in line.body
            ]
        )

    return typed


def read_on_classes(modules: list[cst.Module]) -> frozenset[tuple[str, str]]:
    """Return what is read as ``Class.attribute``."""
    return frozenset(
        (node.value.value, node.attr.value)
        for module in modules
        for node in nodes_of(module, cst.Attribute)
        if isinstance(node.value, cst.Name)
    )
