"""Calls on models that Pydantic 2 refuses: ``from_orm`` without the setting, ``json`` with more than it takes."""

import libcst as cst

from naosu.fixers.code.validation_pydantic_v1_api.arguments import with_line
from naosu.fixers.code.validation_pydantic_v1_api.configs import config_classes
from naosu.fixers.code.validation_pydantic_v1_api.scope import Scope
from naosu.fixers.database.symbols import definition
from naosu.fixers.editing import dotted_name, nodes_of
from naosu.fixers.pydantic_models import PydanticModel

_SETTING = frozenset({"orm_mode", "from_attributes"})


def from_orm(scope: Scope, models: tuple[PydanticModel, ...]) -> tuple[PydanticModel, ...]:
    """Say ``model_validate`` for ``from_orm``; return the models that are made so, and do not allow it anywhere."""
    without: dict[int, PydanticModel] = {}
    for call in nodes_of(scope.module, cst.Call):
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "from_orm":
            continue
        scope.edits.replace(call.func.attr, "model_validate")
        place = definition(scope.source, scope.path, dotted_name(call.func.value))
        model = next((one for one in models if place and (one.path, one.name) == (place.path, place.name)), None)
        scope.note("`from_orm` is `model_validate` in Pydantic 2")
        if model is not None and not allows_attributes(scope, model):
            without[id(model)] = model
    return tuple(without.values())


def allows_attributes(scope: Scope, model: PydanticModel) -> bool:
    """Tell whether a model, or one that it comes from, says that it reads attributes, in either version's words."""
    names = {name.value for name in nodes_of(model.node, cst.Name)}
    texts = {text.evaluated_value for text in nodes_of(model.node, cst.SimpleString)}
    if _SETTING & (names | {text for text in texts if isinstance(text, str)}):
        return True
    wanted = {base for base in names if base.endswith(("Config", "Mixin"))}
    module = scope.source.module(model.path)
    for one in nodes_of(module, cst.ClassDef) if module else ():
        if one.name.value in wanted and _SETTING & {name.value for name in nodes_of(one, cst.Name)}:
            return True
    return any(allows_attributes(scope, parent) for parent in model.parents)


def allow_attributes(scope: Scope, model: PydanticModel) -> None:
    """Let a model read attributes."""
    scope.note(f"{model.name} does not say that it reads attributes")
    for config in config_classes(scope):
        if any(config is inner for inner in nodes_of(model.node, cst.ClassDef)):
            scope.edits.change(config, lambda node: with_line(node, "from_attributes = True\n", scope.module))
            return
    for call in nodes_of(model.node, cst.Call):
        if scope.full(call.func) == "pydantic.ConfigDict":
            scope.edits.change(call, _with_setting)
            return
    scope.edits.need("pydantic", "ConfigDict")
    code = "model_config = ConfigDict(from_attributes=True)\n"
    scope.edits.change(model.node, lambda node: with_line(node, code, scope.module))


def _with_setting(call: cst.Call) -> cst.Call:
    added = cst.parse_expression("f(from_attributes=True)")
    args = [*call.args, *added.args] if isinstance(added, cst.Call) else list(call.args)
    if len(args) > 1:
        args[-2] = args[-2].with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
    return call.with_changes(args=args)


def json_arguments(scope: Scope) -> bool:
    """Dump with ``json`` where a model's own ``json`` took its arguments. Return whether there was any."""
    found = False
    for call in nodes_of(scope.module, cst.Call):
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "json":
            continue
        foreign = [arg for arg in call.args if arg.keyword and arg.keyword.value in _DUMPS]
        if not foreign or any(arg.keyword is None for arg in call.args):
            continue
        own = [arg for arg in call.args if arg not in foreign]
        model = scope.module.code_for_node(call.func.value)
        inside = ", ".join(['mode="json"', *(_written(scope, arg) for arg in own)])
        outside = ", ".join(_written(scope, arg) for arg in foreign)
        scope.edits.replace(call, f"json.dumps({model}.model_dump({inside}), {outside})")
        scope.edits.need("json")
        scope.note("`.json()` takes no arguments of `json.dumps` in Pydantic 2")
        found = True
    return found


def _written(scope: Scope, arg: cst.Arg) -> str:
    keyword = arg.keyword.value if arg.keyword else ""
    return f"{keyword}={scope.module.code_for_node(arg.value)}"


_DUMPS = frozenset({"sort_keys", "ensure_ascii", "separators", "allow_nan", "cls", "default"})
