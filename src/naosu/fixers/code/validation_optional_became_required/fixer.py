"""``Optional[X]`` without a default: not required in Pydantic 1, required in Pydantic 2."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import libcst as cst
import msgspec

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.database.symbols import definition, names_in
from naosu.fixers.editing import dotted_name, nodes_of
from naosu.fixers.edits import Edits
from naosu.fixers.optional_fields import with_none, without_default
from naosu.fixers.places import is_test, places_with
from naosu.fixers.pydantic_models import PydanticModel, pydantic_models
from naosu.ports.fixer import Workplace

_LOGGED = re.compile(r'"type":\s*"(?:missing|value_error\.missing)",\s*"loc":\s*\[(?P<loc>[^\]]*)\]')
_LOGGED_TURNED = re.compile(r"'type': '(?:missing)', 'loc': [\[(](?P<loc>[^\])]*)[\])]")
_UNPROCESSABLE = 422
_PROGRAM = r"""
import importlib, json

FIELDS = json.loads(%(fields)r)
required = []
for module, model, field in FIELDS:
    found = getattr(importlib.import_module(module), model)
    known = getattr(found, "model_fields", None) or found.__fields__
    info = known[field]
    is_required = info.is_required() if callable(getattr(info, "is_required", None)) else info.required
    if is_required:
        required.append(f"{model}.{field}")
print(json.dumps({"ok": not required, "detail": f"required: {required}"}))
"""


class _Refused(msgspec.Struct, frozen=True):
    """A field that a client left out, and where that was seen."""

    field: str
    line: str


class ValidationOptionalBecameRequired:
    """Gives what may be None the default None."""

    name = "validation_optional_became_required"
    category = Category.VALIDATION

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield models whose fields a client rightly left out."""
        version = work.version("pydantic")
        if version is not None and version < (2,):
            return
        refused = list(_refused(work))
        models = [model for model in pydantic_models(work.source) if not is_test(model.path)]
        failing = [model for model in models if _refuses(work, model, refused)] or list(_patched(work, models))
        if not failing:
            return
        chosen = [model for model in models if model.path in {one.path for one in failing}]
        edits, fields = _edits(work, chosen)
        names = ", ".join(f"{model}.{field}" for _, model, field in fields)
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9 if _has_marks(work, failing) else 0.75,
                evidence=(*dict.fromkeys(one.line for one in refused), f"may be None, and have no default: {names}"),
                cause="Since Pydantic 2 a field that may be None must be given all the same, unless it has a default.",
                risk=Risk.LOW,
            ),
            plans=(_plan(edits, fields),),
        )


def _refused(work: Workplace) -> Iterator[_Refused]:
    for pattern in (_LOGGED, _LOGGED_TURNED):
        for match in pattern.finditer(work.evidence.log):
            parts = [part.strip().strip("\"'") for part in match["loc"].split(",") if part.strip()]
            if len(parts) > 1 and parts[0] == "body":
                yield _Refused(parts[-1], f"422: missing {'.'.join(parts)}")
    for exchange in work.baseline.exchanges:
        request = exchange.request
        if exchange.status != _UNPROCESSABLE or request.is_made_up:
            continue
        for loc in _missing(exchange.body):
            yield _Refused(str(loc[-1]), f"{request.line}: 422: missing {'.'.join(map(str, loc))}")


def _missing(body: bytes) -> Iterator[list[Any]]:
    try:
        answer = json.loads(body)
    except ValueError:
        return
    details = answer.get("detail") if isinstance(answer, dict) else None
    for detail in details if isinstance(details, list) else ():
        loc = detail.get("loc") if isinstance(detail, dict) and detail.get("type") == "missing" else None
        if isinstance(loc, list) and len(loc) > 1 and loc[0] == "body":
            yield loc


def _refuses(work: Workplace, model: PydanticModel, refused: Sequence[_Refused]) -> bool:
    """Tell whether a model is one that all that was left out could belong to, as fields that may be None."""
    names = names_in(work.source, model.path)
    optional = {name for name, _ in without_default(model, names)}
    return bool(optional & {one.field for one in refused})


def _patched(work: Workplace, models: Sequence[PydanticModel]) -> Iterator[PydanticModel]:
    """Yield the models of bodies of PATCH, where such a request was refused: leaving out is what PATCH is for."""
    if not any(one.method == "PATCH" and one.status == _UNPROCESSABLE for one in work.given.requests):
        return
    for place in places_with(work.source, ".patch("):
        for function in nodes_of(place.module, cst.FunctionDef):
            calls = [one.decorator for one in function.decorators if isinstance(one.decorator, cst.Call)]
            if not any(dotted_name(call.func).endswith(".patch") for call in calls):
                continue
            for param in (*function.params.params, *function.params.kwonly_params):
                name = dotted_name(param.annotation.annotation) if param.annotation else ""
                found = definition(work.source, place.path, name) if name else None
                for model in models:
                    is_it = found is not None and (model.path, model.name) == (found.path, found.name)
                    if is_it and any(without_default(model, names_in(work.source, model.path))):
                        yield model


def _has_marks(work: Workplace, models: Sequence[PydanticModel]) -> bool:
    """Tell whether the code shows that what is left out is meant to be left out."""
    partial = re.compile(r"exclude_unset|exclude_none|\.patch\(|PATCH|is not None")
    named = any(re.search(r"Update|Patch|Partial|Edit|Filter", model.name) for model in models)
    return named or any(partial.search(module.code) for _, module in work.source.modules("exclude", "patch", "None"))


def _edits(work: Workplace, models: Sequence[PydanticModel]) -> tuple[tuple[FileEdit, ...], list[tuple[str, str, str]]]:
    files: dict[str, Edits] = {}
    fields: list[tuple[str, str, str]] = []
    for model in models:
        module = work.source.module(model.path)
        if module is None:
            continue
        edits = files.setdefault(model.path, Edits(model.path, module))
        for name, field in without_default(model, names_in(work.source, model.path)):
            edits.change(field, with_none)
            fields.append((work.source.dotted(model.path), model.name, name))
    return tuple(edits.file_edit() for edits in files.values() if edits), fields


def _plan(edits: tuple[FileEdit, ...], fields: list[tuple[str, str, str]]) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Give fields that may be None that default",
        explanation="In Pydantic 1 `Optional[X]` had the default None by itself; Pydantic 2 wants it written.",
        risk=Risk.LOW,
        proof=Proof(
            text="None of these fields is required any more.",
            gone=(),
            script=_PROGRAM % {"fields": json.dumps(fields)},
            may_change=("status", "body"),
        ),
        undo="The edited files get their text from before back.",
        edits=edits,
    )
