"""Settings: they live in a package of their own now, and name their variables with an alias."""

from functools import partial

import libcst as cst

from naosu.fixers.code.validation_pydantic_v1_api.arguments import with_line
from naosu.fixers.code.validation_pydantic_v1_api.scope import Scope
from naosu.fixers.editing import argument, dotted_name, nodes_of, without_argument
from naosu.fixers.pydantic_models import FIELD, PydanticModel, fields_of

OLD_PLACES = ("pydantic", "pydantic.env_settings")


def refused(scope: Scope, *, package: str = "pydantic_settings") -> bool:
    """Import ``BaseSettings`` from where it is. Return whether it was imported from where it is not."""
    found = False
    for node in nodes_of(scope.module, cst.ImportFrom):
        source = dotted_name(node.module)
        names = () if isinstance(node.names, cst.ImportStar) else node.names
        if not node.relative and source in OLD_PLACES and any(dotted_name(a.name) == "BaseSettings" for a in names):
            scope.edits.move_import(source, "BaseSettings", package)
            found = True
    for attribute in nodes_of(scope.module, cst.Attribute):
        if dotted_name(attribute) == "pydantic.BaseSettings":
            scope.edits.replace(attribute, f"{package}.BaseSettings")
            scope.edits.need(package)
            found = True
    if found:
        scope.note("`BaseSettings` comes from the package pydantic-settings since Pydantic 2")
    return found


def outdated(scope: Scope, made_with: frozenset[str]) -> None:
    """Name the variables as Pydantic 2 wants, in classes of settings.

    Args:
        scope: The file.
        made_with: Keywords with which the application makes its settings itself.
    """
    for model in scope.models:
        if not model.is_settings:
            continue
        aliased = [name for name, field in fields_of(model.node) if _named_variable(scope, field)]
        lines: list[str] = []
        config = _config(model)
        if made_with & set(aliased):
            lines.append("populate_by_name = True\n")
        if config is not None and {"env_file"} <= _keys(config) and "extra" not in _keys(config):
            lines.append('extra = "ignore"\n')
        _with_config(scope, model, config, lines)


def _named_variable(scope: Scope, field: cst.AnnAssign) -> bool:
    call = field.value
    if not isinstance(call, cst.Call) or scope.full(call.func) not in FIELD:
        return False
    env = argument(call, "env")
    if env is None or argument(call, "validation_alias") or argument(call, "alias"):
        return False
    code = scope.module.code_for_node(env.value)
    if isinstance(env.value, cst.List | cst.Tuple | cst.Set):
        inside = ", ".join(scope.module.code_for_node(element.value) for element in env.value.elements)
        code = f"AliasChoices({inside})"
        scope.edits.need("pydantic", "AliasChoices")
    value = cst.parse_expression(code)
    scope.edits.change(env, lambda node: node.with_changes(keyword=cst.Name("validation_alias"), value=value))
    if (names := argument(call, "env_names")) is not None:
        scope.edits.change(names, lambda node: node)
        scope.edits.change(call, lambda node: without_argument(node, node.args[-1]))
    scope.note("`env=` is `validation_alias=` in Pydantic 2")
    return True


def _config(model: PydanticModel) -> cst.ClassDef | None:
    classes = nodes_of(model.node, cst.ClassDef)
    return next((one for one in classes if one.name.value == "Config"), None)


def _keys(config: cst.ClassDef) -> set[str]:
    return {
        dotted_name(part.targets[0].target)
        for part in nodes_of(config, cst.Assign)
        if isinstance(part.targets[0].target, cst.Name)
    }


def _with_config(scope: Scope, model: PydanticModel, config: cst.ClassDef | None, lines: list[str]) -> None:
    if config is not None:
        for line in lines:
            scope.edits.change(config, partial(with_line, code=line, module=scope.module))
    elif lines:
        inside = ", ".join(one.strip().replace(" = ", "=") for one in lines)
        scope.edits.need("pydantic_settings", "SettingsConfigDict")
        code = f"model_config = SettingsConfigDict({inside})\n"
        scope.edits.change(model.node, partial(with_line, code=code, module=scope.module))


def keywords_of(module: cst.Module, classes: frozenset[str]) -> frozenset[str]:
    """Return the keywords with which classes of these names are made in a file."""
    return frozenset(
        arg.keyword.value
        for call in nodes_of(module, cst.Call)
        if dotted_name(call.func).rpartition(".")[2] in classes
        for arg in call.args
        if arg.keyword
    )
