"""All rules over all files: which files could never run with Pydantic 2, and what they are afterwards."""

from collections.abc import Sequence

import libcst as cst
import msgspec

from naosu.domain.repair import FileEdit, Risk
from naosu.fixers.code.validation_pydantic_v1_api import (
    annotations,
    arguments,
    calls,
    configs,
    imports,
    roots,
    settings,
    validators,
)
from naosu.fixers.code.validation_pydantic_v1_api.scope import Scope
from naosu.fixers.optional_fields import with_none, without_default
from naosu.fixers.places import is_test
from naosu.fixers.pydantic_models import PydanticModel, pydantic_models
from naosu.ports.fixer import SourceTree, Workplace

_NEEDLES = ("pydantic", "BaseModel", "__root__", "from_orm", "orm_mode", ".json(")


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way to mend it."""

    edits: tuple[FileEdit, ...]
    facts: tuple[str, ...]
    summary: str
    explanation: str
    risk: Risk


def ways(work: Workplace, said: str) -> list[Way]:
    """Return the ways, the best first."""
    found = [_way(work, said, optional=True), _way(work, said, optional=False)]
    if work.version("pydantic-settings") is None and "pydantic-settings" in said:
        found = [_way(work, said, optional=False, settings_from="pydantic.v1")]
    return found if found[0].edits != found[-1].edits else found[:1]


def _way(work: Workplace, said: str, *, optional: bool, settings_from: str = "pydantic_settings") -> Way:
    scopes = _scopes(work.source)
    models = tuple(model for scope in scopes for model in scope.models)
    never_ran = [scope for scope in scopes if _refused(scope, said, settings_from, scopes)]
    made_with = _made_with(work.source, models)
    for scope in never_ran:
        arguments.outdated(scope)
        if settings_from == "pydantic_settings":
            settings.outdated(scope, made_with)
        if optional:
            _optional(scope)
    for scope in scopes:
        configs.outdated(scope)
    _attributes(scopes, models, said)
    edits = tuple(scope.edits.file_edit() for scope in scopes if scope.edits)
    facts = tuple(fact for scope in scopes if scope.edits for fact in scope.facts)
    return Way(
        edits=edits,
        facts=facts,
        summary="Write models as Pydantic 2 wants them",
        explanation="Pydantic 2 refuses these, or ignores them with a warning:",
        risk=Risk.LOW if settings_from == "pydantic_settings" else Risk.MEDIUM,
    )


def _scopes(source: SourceTree) -> list[Scope]:
    models: dict[str, list[PydanticModel]] = {}
    for model in pydantic_models(source):
        models.setdefault(model.path, []).append(model)
    return [
        Scope(source, path, module, tuple(models.get(path, ())))
        for path, module in source.modules(*_NEEDLES)
        if not is_test(path)
    ]


def _refused(scope: Scope, said: str, settings_from: str, scopes: Sequence[Scope]) -> bool:
    """Change what would stop this file from being imported. Return whether there was any."""
    if "pydantic.v1" in said:
        from_v1 = imports.from_v1(scope)
    else:
        from_v1 = False
        if _is_on_v1(scope):
            return False
    constants = annotations.read_on_classes([one.module for one in scopes])
    found = [
        from_v1,
        arguments.refused(scope),
        imports.refused(scope),
        roots.refused(scope),
        validators.refused(scope),
        annotations.refused(scope, constants),
        settings.refused(scope, package=settings_from),
    ]
    if any(roots.ROOT in one.module.code for one in scopes):
        roots.uses(scope)
    return any(found)


def _is_on_v1(scope: Scope) -> bool:
    """Tell whether a file uses the copy of Pydantic 1 on purpose."""
    return "pydantic.v1" in scope.module.code


def _optional(scope: Scope) -> None:
    """Give what may be None that default, which it had in Pydantic 1."""
    for model in scope.models:
        for name, field in without_default(model, scope.names):
            scope.edits.change(field, with_none)
            scope.note(f"{model.name}.{name} was not required in Pydantic 1")


def _attributes(scopes: Sequence[Scope], models: tuple[PydanticModel, ...], said: str) -> None:
    if "from_attributes" not in said and "from_orm" not in said:
        if "dumps_kwargs" in said:
            for scope in scopes:
                calls.json_arguments(scope)
        return
    without = [model for scope in scopes for model in calls.from_orm(scope, models)]
    by_path = {scope.path: scope for scope in scopes}
    for model in {id(one): one for one in without}.values():
        calls.allow_attributes(by_path[model.path], model)


def _made_with(source: SourceTree, models: Sequence[PydanticModel]) -> frozenset[str]:
    classes = frozenset(model.name for model in models if model.is_settings)
    modules: list[cst.Module] = [module for _, module in source.modules(*classes)] if classes else []
    return frozenset(keyword for module in modules for keyword in settings.keywords_of(module, classes))
