"""Validators that Pydantic 2 refuses: ``root_validator`` without a word on failures, and ``field`` arguments."""

import libcst as cst

from naosu.fixers.code.validation_pydantic_v1_api.scope import Scope
from naosu.fixers.editing import argument, dotted_name, nodes_of, with_argument, without_argument

ROOT_VALIDATOR = ("pydantic.root_validator", "pydantic.class_validators.root_validator")
VALIDATOR = ("pydantic.validator", "pydantic.class_validators.validator")


def refused(scope: Scope) -> bool:
    """Change them. Return whether there were any."""
    found = False
    for function in nodes_of(scope.module, cst.FunctionDef):
        for decorator in function.decorators:
            found |= _root(scope, decorator) or _field(scope, function, decorator)
    return found


def _root(scope: Scope, decorator: cst.Decorator) -> bool:
    node = decorator.decorator
    if isinstance(node, cst.Call):
        if scope.full(node.func) not in ROOT_VALIDATOR or _is_settled(node):
            return False
        scope.edits.change(node, lambda call: with_argument(call, "skip_on_failure", cst.Name("True")))
    elif scope.full(node) in ROOT_VALIDATOR:
        code = f"{dotted_name(node)}(skip_on_failure=True)"
        scope.edits.replace(node, code)
    else:
        return False
    scope.note("`root_validator` needs `skip_on_failure=True` in Pydantic 2")
    return True


def _is_settled(call: cst.Call) -> bool:
    pre, skip = argument(call, "pre", 0), argument(call, "skip_on_failure")
    return any(arg is not None and dotted_name(arg.value) == "True" for arg in (pre, skip))


def _field(scope: Scope, function: cst.FunctionDef, decorator: cst.Decorator) -> bool:
    """``def check(cls, v, values, field)`` becomes ``def check(cls, v, info)`` of a ``field_validator``."""
    call = decorator.decorator
    if not isinstance(call, cst.Call) or scope.full(call.func) not in VALIDATOR:
        return False
    parameters = [param.name.value for param in function.params.params]
    extra = parameters[2:]
    if not {"field", "config"} & set(extra) or not set(extra) <= {"values", "field"}:
        return False
    if any(argument(call, keyword) for keyword in ("each_item", "always")) or _uses_more(function):
        return False
    info = "info"
    for attribute in nodes_of(function.body, cst.Attribute):
        if dotted_name(attribute) == "field.name" or dotted_name(attribute) == "field.alias":
            scope.edits.replace(attribute, f"{info}.field_name")
    for name in nodes_of(function.body, cst.Name):
        if name.value == "values" and "values" in extra:
            scope.edits.replace(name, f"{info}.data")
    scope.edits.change(function, _with_info)
    scope.edits.change(call, lambda node: _as_field_validator(scope, node))
    scope.edits.need("pydantic", "field_validator")
    scope.edits.need("pydantic", "ValidationInfo")
    scope.edits.drop_if_unused("pydantic", "validator")
    scope.note(f"{function.name.value} takes `field`, which is `info` in Pydantic 2")
    return True


def _uses_more(function: cst.FunctionDef) -> bool:
    """Tell whether ``field`` is used for more than its name."""
    plain = [name for name in nodes_of(function.body, cst.Name) if name.value == "field"]
    named = [one for one in nodes_of(function.body, cst.Attribute) if dotted_name(one) in {"field.name", "field.alias"}]
    return len(plain) != len(named)


def _with_info(node: cst.FunctionDef) -> cst.FunctionDef:
    first = node.params.params[:2]
    info = cst.Param(name=cst.Name("info"), annotation=cst.Annotation(cst.Name("ValidationInfo")))
    params = [first[0], first[1].with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))), info]
    decorators = list(node.decorators)
    if not any(dotted_name(one.decorator) == "classmethod" for one in decorators):
        decorators.append(cst.Decorator(decorator=cst.Name("classmethod")))
    return node.with_changes(params=node.params.with_changes(params=params), decorators=decorators)


def _as_field_validator(scope: Scope, node: cst.Call) -> cst.Call:
    pre = argument(node, "pre")
    if (reuse := argument(node, "allow_reuse")) is not None:
        node = without_argument(node, reuse)
    if pre is not None:
        node = without_argument(node, next(arg for arg in node.args if arg.keyword and arg.keyword.value == "pre"))
        if dotted_name(pre.value) == "True":
            node = with_argument(node, "mode", cst.SimpleString('"before"'))
    return node.with_changes(func=cst.Name(scope.local("pydantic.field_validator")))
