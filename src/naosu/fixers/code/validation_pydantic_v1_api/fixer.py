"""What Pydantic 2 refuses of Pydantic 1: arguments, keys, root models, validators, imports, untyped attributes."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.validation_pydantic_v1_api import migrate
from naosu.fixers.places import is_test
from naosu.fixers.requirements import with_requirement
from naosu.fixers.signs import crashes_of, told
from naosu.ports.fixer import Workplace

_REFUSED = re.compile(
    r"is removed[,.] use|has been removed in V2|To define root models|non-annotated attribute"
    r"|requires a type annotation"
    r"|skip_on_failure=True|not available in Pydantic V2|moved to the `pydantic-settings` package"
    r"|from_attributes=True|`dumps_kwargs` keyword|pydantic\.v1 models are no longer supported"
    r"|(?:constr|con(?:list|set|frozenset))\(\) got an unexpected keyword argument"
)
_RAISED = frozenset({"PydanticUserError", "PydanticImportError", "PydanticV1NotSupportedError", "TypeError"})
_NO_INSTANCE = re.compile(r"valid dictionary or (?:object to extract fields from|instance of (\w+))")
_IGNORED_KEYS = re.compile(r"Valid config keys have changed in V2")
UNDO = "The edited files get their text from before back."


class _Seen(msgspec.Struct, frozen=True):
    crashes: tuple[Crash, ...]
    lines: tuple[str, ...]
    text: str


class PydanticV1Api:
    """Writes models as Pydantic 2 wants them, in every file that could not work with it."""

    name = "validation_pydantic_v1_api"
    category = Category.VALIDATION

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield what Pydantic refused, with the files changed that would be refused next."""
        seen = _look(work)
        if seen is None:
            return
        ways = migrate.ways(work, seen.text)
        plans = [plan for way in ways if (plan := _plan(work, way, seen)) is not None]
        facts = dict.fromkeys(fact for way in ways[:1] for fact in way.facts)
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if plans else 0.7,
                evidence=(*seen.lines, *list(facts)[:12]),
                cause="The application is written for Pydantic 1, and runs with Pydantic 2.",
                risk=Risk.LOW,
                options=() if plans else _options(work),
            ),
            plans=tuple(plans),
            crashes=seen.crashes,
        )


def _look(work: Workplace) -> _Seen | None:
    crashes = [crash for crash in crashes_of(work) if _is_refusal(crash)]
    if crashes:
        lines = dict.fromkeys(line for crash in crashes for line in told(crash))
        return _Seen(tuple(crashes), tuple(lines), " ".join(raised.message for c in crashes for raised in c.chain))
    logs = f"{work.evidence.log}\n{work.baseline.log}"
    if not crashes_of(work) and _IGNORED_KEYS.search(logs):
        return _Seen((), ("The log warns: valid config keys have changed in V2",), _IGNORED_KEYS.pattern)
    return None


def _is_refusal(crash: Crash) -> bool:
    return any(
        (raised.name in _RAISED and _REFUSED.search(raised.message))
        or (raised.name in {"ValidationError", "ResponseValidationError"} and _NO_INSTANCE.search(raised.message))
        for raised in crash.chain
    )


def _plan(work: Workplace, way: migrate.Way, seen: _Seen) -> Plan | None:
    edits = [edit for edit in way.edits if edit.before != edit.after and not is_test(edit.path)]
    if not edits:
        return None
    return Plan(
        kind=PlanKind.CODE,
        summary=way.summary,
        explanation=way.explanation + "".join(f"\n- {fact}" for fact in dict.fromkeys(way.facts)),
        risk=way.risk,
        proof=Proof(
            text="The application starts, and Pydantic refuses nothing of it any more.",
            gone=(_REFUSED.pattern, *([_IGNORED_KEYS.pattern] if not seen.crashes else [])),
        ),
        undo=UNDO,
        edits=(*edits, *_requirement(work, edits)),
    )


def _requirement(work: Workplace, edits: Sequence[FileEdit]) -> Sequence[FileEdit]:
    if any("pydantic_settings" in (edit.after or "") for edit in edits):
        return with_requirement(work.source, "pydantic-settings", beside=("pydantic", "fastapi"))
    return ()


def _options(work: Workplace) -> tuple[str, ...]:
    options = ["Rewrite what is named above by hand; Pydantic's migration guide lists it."]
    if work.version("pydantic-settings") is None:
        options.insert(0, "Install pydantic-settings, and import BaseSettings from it.")
    return (*options, "Pin pydantic below 2 until then.")
