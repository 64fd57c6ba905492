"""Which variable of the environment stands behind an expression."""

import re
from collections.abc import Iterator

import libcst as cst

from naosu.fixers.database.symbols import assigned_value, definition, top_level_names
from naosu.fixers.editing import argument, dotted_name, nodes_of
from naosu.fixers.jwt_calls import string_key, subscript_key
from naosu.fixers.pydantic_models import PydanticModel, fields_of, pydantic_models
from naosu.ports.fixer import SourceTree

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_READERS = frozenset({"getenv", "get", "config", "env", "str", "cast", "Config", "env_str", "getstr", "var"})
_HOPS_MAX = 10


def variable_behind(source: SourceTree, path: str, node: cst.BaseExpression | None, hops: int = 0) -> str:
    """Return the variable that an expression is read from. Empty: it cannot be told, or there is a default."""
    if node is None or hops > _HOPS_MAX:
        return ""
    if isinstance(node, cst.Subscript):
        key = subscript_key(node)
        if dotted_name(node.value).endswith("config"):
            return _configured(source, key, hops) or ""
        return key if VARIABLE.fullmatch(key) else ""
    if isinstance(node, cst.Call):
        return _of_call(source, path, node, hops)
    if isinstance(node, cst.BooleanOperation):
        return variable_behind(source, path, node.left, hops + 1)
    name = dotted_name(node)
    if not name:
        return ""
    found = definition(source, path, name)
    if found is not None and "." not in found.name:
        statement = top_level_names(source, found.path)[found.name]
        return variable_behind(source, found.path, assigned_value(statement), hops + 1)
    return _of_attribute(source, path, name, hops)


def _of_call(source: SourceTree, path: str, call: cst.Call, hops: int) -> str:
    last = dotted_name(call.func).rpartition(".")[2]
    key = string_key(call.args[0].value) if call.args else ""
    if isinstance(call.func, cst.Attribute) and dotted_name(call.func.value).endswith(".config") and last == "get":
        return _configured(source, key, hops)
    if last in _READERS and VARIABLE.fullmatch(key):
        return "" if _has_default(call) else key
    if isinstance(call.func, cst.Attribute) and last in {"encode", "get_secret_value", "strip"}:
        return variable_behind(source, path, call.func.value, hops + 1)
    if last == "str" and call.args:
        return variable_behind(source, path, call.args[0].value, hops + 1)
    return ""


def _has_default(call: cst.Call) -> bool:
    arg = argument(call, "default", 1)
    return (
        arg is not None
        and dotted_name(arg.value) not in {"None", "str", "Secret"}
        and cst.Module([]).code_for_node(arg.value) != '""'
    )


def _configured(source: SourceTree, key: str, hops: int) -> str:
    """Return the variable behind ``app.config[key]``: it is assigned, passed by name, or an attribute of a class."""
    for path, module in source.modules(key):
        for value in _given_to(module, key):
            if found := variable_behind(source, path, value, hops + 1):
                return found
    return f"FLASK_{key}" if any("from_prefixed_env" in module.code for _, module in source.modules(key)) else ""


def _given_to(module: cst.Module, key: str) -> Iterator[cst.BaseExpression]:
    for assign in nodes_of(module, cst.Assign):
        target = assign.targets[0].target
        if isinstance(target, cst.Subscript) and subscript_key(target) == key:
            yield assign.value
        if dotted_name(target).rpartition(".")[2] in {key, key.lower()}:
            yield assign.value
    for call in nodes_of(module, cst.Call):
        if dotted_name(call.func).rpartition(".")[2] in {"update", "from_mapping"} and (arg := argument(call, key)):
            yield arg.value


def _of_attribute(source: SourceTree, path: str, name: str, hops: int) -> str:
    """Return the variable behind ``settings.jwt_secret``: a field of settings, or an attribute of a class."""
    base, _, attribute = name.rpartition(".")
    place = definition(source, path, base) if base else None
    if place is None:
        return ""
    for model in pydantic_models(source):
        if model.is_settings and _is_made_by(source, place.path, place.name, model):
            return variable_of_field(model, attribute)
    module = source.module(place.path)
    for node in nodes_of(module, cst.ClassDef) if module else ():
        for assign in nodes_of(node, cst.Assign):
            if dotted_name(assign.targets[0].target) == attribute:
                return variable_behind(source, place.path, assign.value, hops + 1)
        for typed in nodes_of(node, cst.AnnAssign):
            if dotted_name(typed.target) == attribute and typed.value is not None:
                return variable_behind(source, place.path, typed.value, hops + 1)
    return ""


def _is_made_by(source: SourceTree, path: str, name: str, model: PydanticModel) -> bool:
    """Tell whether a name stands for a model's instance: ``settings = Settings()``, or what a function returns."""
    statement = top_level_names(source, path).get(name)
    if statement is None:
        return False
    calls = {dotted_name(call.func) for call in nodes_of(statement, cst.Call)}
    if model.name in calls or name == model.name:
        return True
    places = [found for call in calls if call and (found := definition(source, path, call))]
    if any((found.path, found.name) == (model.path, model.name) for found in places):
        return True
    functions = [top_level_names(source, found.path).get(found.name) for found in places]
    return any(model.name in {dotted_name(c.func) for c in nodes_of(one, cst.Call)} for one in functions if one)


def variable_of_field(model: PydanticModel, field: str) -> str:
    """Return the variable that a field of settings reads."""
    for name, statement in fields_of(model.node):
        if name != field:
            continue
        if isinstance(statement.value, cst.Call):
            for keyword in ("validation_alias", "alias", "env"):
                arg = argument(statement.value, keyword)
                if arg is not None and string_key(arg.value):
                    return string_key(arg.value)
        return f"{env_prefix(model)}{field}".upper()
    return next((found for parent in model.parents if (found := variable_of_field(parent, field))), "")


def env_prefix(model: PydanticModel) -> str:
    """Return what stands before each variable's name."""
    for arg in (argument(call, "env_prefix") for call in nodes_of(model.node, cst.Call)):
        if arg is not None:
            return string_key(arg.value)
    for assign in nodes_of(model.node, cst.Assign):
        if dotted_name(assign.targets[0].target) == "env_prefix":
            return string_key(assign.value)
    return ""
