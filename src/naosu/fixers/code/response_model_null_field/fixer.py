"""``ResponseValidationError`` for a null: the field of the answer's schema lets it through."""

from collections.abc import Iterable

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.response_model_null_field.fields import Strict, let_null, override, strict_field
from naosu.fixers.code.response_model_null_field.nulls import nulls_of
from naosu.fixers.endpoints import endpoints, inputs
from naosu.fixers.places import Place, code_of
from naosu.fixers.pydantic_models import pydantic_models
from naosu.fixers.signs import answered, crashes_with, failed_requests, told
from naosu.ports.fixer import Workplace

OK = (200, 299)


class ModelNullField:
    """Recognises a null in an answer whose schema is stricter than the table."""

    name = "response_model_null_field"
    category = Category.RESPONSE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for all such fields."""
        crashes = [
            crash
            for crash in crashes_with(work, "", "ResponseValidationError", "ValidationError")
            if any(nulls_of(crash))
        ]
        if not crashes:
            return
        models = pydantic_models(work.source)
        found = list(endpoints(work.source))
        nulls = {null for crash in crashes for null in nulls_of(crash)}
        fields = [one for null in sorted(nulls, key=str) if (one := strict_field(work.source, models, found, null))]
        read = inputs(work.source, models)
        fields = [one for one in fields if (one.model.path, one.model.name) not in read or _is_answer(crashes)]
        if fields:
            yield _finding(self, work, tuple(crashes), fields, read)


def _is_answer(crashes: list[Crash]) -> bool:
    return all(raised.name == "ResponseValidationError" for crash in crashes for raised in crash.chain[-1:])


def _finding(
    fixer: ModelNullField, work: Workplace, crashes: tuple[Crash, ...], fields: list[Strict], read: set[tuple[str, str]]
) -> Finding:
    edits = _edits(work, fields, read)
    names = ", ".join(f"{one.model.name}.{one.name}" for one in fields)
    plan = Plan(
        kind=PlanKind.CODE,
        summary=f"Let {names} be null in answers",
        explanation="The database holds nulls there, and the schema of the answer had no place for them."
        " Answers that have a value are what they were; what requests are read into is as strict as before.",
        risk=Risk.LOW,
        proof=Proof(
            text="The failing requests are answered, with null where there is no value.",
            gone=("ResponseValidationError",),
            expect=answered(failed_requests(work), OK),
        ),
        undo="Revert the commit.",
        edits=edits,
    )
    return Finding(
        diagnosis=Diagnosis(
            fixer=fixer.name,
            category=fixer.category,
            confidence=0.93,
            evidence=tuple(
                dict.fromkeys(
                    [line for crash in crashes for line in told(crash)]
                    + [f"{one.owner.path}: {one.owner.name} has {code_of(one.node)}" for one in fields]
                )
            ),
            cause=f"{names} was null, and the schema of the answer says that it never is.",
            risk=Risk.LOW,
            options=(
                "Or fill in what is missing in the database, and forbid null there.",
                *(() if edits else ("The schema also reads requests: give answers a schema of their own.",)),
            ),
        ),
        plans=(plan,) if edits else (),
        crashes=crashes,
    )


def _edits(work: Workplace, fields: list[Strict], read: set[tuple[str, str]]) -> tuple[FileEdit, ...]:
    """Return the edits, one a file. None at all if one of the fields cannot be changed for answers alone."""
    changed: dict[str, tuple[Place, str]] = {}
    for strict in fields:
        is_input = (strict.owner.path, strict.owner.name) in read
        made = override(work.source, strict) if is_input else let_null(work.source, strict)
        if made is None or (is_input and (strict.model.path, strict.model.name) in read) or made[0].path in changed:
            return ()
        changed[made[0].path] = (made[0], made[1].code)
    return tuple(FileEdit(path=path, before=one.module.code, after=code) for path, (one, code) in changed.items())
