"""Keys of ``Config`` that Pydantic 2 renamed or removed: it ignores them with a warning, so they stop working."""

from collections.abc import Iterator

import libcst as cst

from naosu.fixers.code.validation_pydantic_v1_api.scope import Scope
from naosu.fixers.editing import dotted_name, nodes_of

RENAMED = {
    "orm_mode": "from_attributes",
    "allow_population_by_field_name": "populate_by_name",
    "anystr_lower": "str_to_lower",
    "anystr_upper": "str_to_upper",
    "anystr_strip_whitespace": "str_strip_whitespace",
    "max_anystr_length": "str_max_length",
    "min_anystr_length": "str_min_length",
    "keep_untouched": "ignored_types",
    "schema_extra": "json_schema_extra",
    "validate_all": "validate_default",
}
WITHOUT_NEED = frozenset({"smart_union", "underscore_attrs_are_private", "copy_on_model_validation"})
"""What Pydantic 2 always does."""


def outdated(scope: Scope) -> bool:
    """Rename the keys. Return whether there were any."""
    found = False
    for config in config_classes(scope):
        for line in config.body.body:
            found |= _line(scope, config, line)
    for call in scope.calls("pydantic.ConfigDict", "pydantic_settings.SettingsConfigDict"):
        found |= _call(scope, call)
    for table in _tables(scope):
        found |= _table(scope, table)
    return found


def config_classes(scope: Scope) -> Iterator[cst.ClassDef]:
    """Yield the ``Config`` classes of models, and what they inherit from in this file."""
    classes = nodes_of(scope.module, cst.ClassDef)
    inner = [one for model in scope.models for one in nodes_of(model.node, cst.ClassDef) if one.name.value == "Config"]
    wanted = {dotted_name(base.value) for one in inner for base in one.bases}
    for model in scope.models:
        for assign in nodes_of(model.node, cst.Assign):
            if any(dotted_name(target.target) == "Config" for target in assign.targets):
                wanted.add(dotted_name(assign.value))
    yield from inner
    seen = {id(one) for one in inner}
    for one in classes:
        based = {scope.full(base.value) for base in one.bases}
        is_one = one.name.value in wanted or based & {"pydantic.BaseConfig", "pydantic.config.BaseConfig"}
        if is_one and id(one) not in seen:
            yield one


def _line(scope: Scope, config: cst.ClassDef, line: cst.CSTNode) -> bool:
    if isinstance(line, cst.FunctionDef) and line.name.value in RENAMED:
        new = RENAMED[line.name.value]
        scope.edits.change(line.name, lambda node: node.with_changes(value=new))
        return True
    if not isinstance(line, cst.SimpleStatementLine):
        return False
    for part in line.body:
        if not isinstance(part, (cst.Assign, cst.AnnAssign)):
            continue
        target = part.targets[0].target if isinstance(part, cst.Assign) else part.target
        if isinstance(target, cst.Name) and _is_old(target.value):
            _rename(scope, config, line, target, part.value)
            return True
    return False


def _is_old(key: str) -> bool:
    return key in RENAMED or key in WITHOUT_NEED or key == "allow_mutation"


def _rename(
    scope: Scope, config: cst.ClassDef, line: cst.CSTNode, target: cst.Name, value: cst.BaseExpression | None
) -> None:
    key = target.value
    if key in RENAMED:
        scope.edits.change(target, lambda node: node.with_changes(value=RENAMED[key]))
        scope.note(f"`{key}` is `{RENAMED[key]}` in Pydantic 2")
    elif key == "allow_mutation" and value is not None and dotted_name(value) in {"True", "False"}:
        scope.edits.change(target, lambda node: node.with_changes(value="frozen"))
        opposite = "False" if dotted_name(value) == "True" else "True"
        scope.edits.replace(value, opposite)
        scope.note("`allow_mutation` is the opposite of `frozen` in Pydantic 2")
    elif key in WITHOUT_NEED and len(config.body.body) > 1:
        scope.edits.change(line, lambda _: cst.RemoveFromParent())


def _call(scope: Scope, call: cst.Call) -> bool:
    found = False
    for arg in call.args:
        if arg.keyword and arg.keyword.value in RENAMED:
            new = RENAMED[arg.keyword.value]
            scope.edits.replace(arg.keyword, new)
            scope.note(f"`{arg.keyword.value}` is `{new}` in Pydantic 2")
            found = True
    return found


def _tables(scope: Scope) -> Iterator[cst.Dict]:
    for model in scope.models:
        plain = [(one.targets[0].target, one.value) for one in nodes_of(model.node, cst.Assign)]
        typed = [(one.target, one.value) for one in nodes_of(model.node, cst.AnnAssign)]
        for target, value in (*plain, *typed):
            if dotted_name(target) == "model_config" and isinstance(value, cst.Dict):
                yield value


def _table(scope: Scope, table: cst.Dict) -> bool:
    found = False
    for element in table.elements:
        if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
            key = element.key.evaluated_value
            if isinstance(key, str) and key in RENAMED:
                scope.edits.replace(element.key, f'"{RENAMED[key]}"')
                scope.note(f"`{key}` is `{RENAMED[key]}` in Pydantic 2")
                found = True
    return found
