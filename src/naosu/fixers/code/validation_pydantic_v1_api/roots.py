"""Models of one value: ``__root__`` is ``RootModel`` in Pydantic 2."""

import libcst as cst

from naosu.fixers.code.validation_pydantic_v1_api.scope import Scope
from naosu.fixers.editing import argument, nodes_of
from naosu.fixers.edits import Step
from naosu.fixers.pydantic_models import MODELS

ROOT = "__root__"


def refused(scope: Scope) -> bool:
    """Make models of a ``__root__`` field root models. Return whether there were any."""
    found = False
    for model in scope.models:
        field = _root_field(model.node)
        base = next((arg for arg in model.node.bases if scope.full(arg.value) in MODELS), None)
        if field is None or base is None:
            continue
        root = cst.Name(scope.local("pydantic.RootModel"))
        inside = cst.SubscriptElement(slice=cst.Index(value=field.annotation.annotation.deep_clone()))
        scope.edits.change(base, _based_on(cst.Subscript(value=root, slice=[inside])))
        scope.edits.replace(field.target, "root")
        scope.edits.need("pydantic", "RootModel")
        scope.edits.drop_if_unused("pydantic", "BaseModel")
        scope.note(f"{model.name} has a field `__root__`, which is `RootModel` in Pydantic 2")
        found = True
    return found


def _based_on(base: cst.BaseExpression) -> Step:
    return lambda node: node.with_changes(value=base)


def _root_field(node: cst.ClassDef) -> cst.AnnAssign | None:
    return next(
        (
            field
            for field in nodes_of(node, cst.AnnAssign)
            if isinstance(field.target, cst.Name) and field.target.value == ROOT
        ),
        None,
    )


def uses(scope: Scope) -> None:
    """Let the users of such models say ``root``, too; what a dump holds is the value itself."""
    for attribute in nodes_of(scope.module, cst.Attribute):
        if attribute.attr.value == ROOT:
            scope.edits.replace(attribute.attr, "root")
    for call in nodes_of(scope.module, cst.Call):
        if (arg := argument(call, ROOT)) is not None and arg.keyword is not None:
            scope.edits.replace(arg.keyword, "root")
        for text in _decorated(scope, call):
            scope.edits.replace(text, '"root"')
    for subscript in nodes_of(scope.module, cst.Subscript):
        inner = subscript.value
        is_dump = (
            isinstance(inner, cst.Call)
            and isinstance(inner.func, cst.Attribute)
            and inner.func.attr.value in {"dict", "model_dump"}
        )
        if is_dump and _key(subscript) == ROOT:
            scope.edits.change(subscript, lambda node: node.value)


def _key(node: cst.Subscript) -> object:
    index = node.slice[0].slice if len(node.slice) == 1 else None
    if isinstance(index, cst.Index) and isinstance(index.value, cst.SimpleString):
        return index.value.evaluated_value
    return None


def _decorated(scope: Scope, call: cst.Call) -> list[cst.SimpleString]:
    if scope.full(call.func) not in {"pydantic.validator", "pydantic.field_validator"}:
        return []
    texts = [arg.value for arg in call.args if isinstance(arg.value, cst.SimpleString)]
    return [text for text in texts if text.evaluated_value == ROOT]
