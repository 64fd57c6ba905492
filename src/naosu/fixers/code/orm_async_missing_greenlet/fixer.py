"""Relations and expired columns that are loaded by surprise where only awaited calls may ask the database."""

import re
from collections.abc import Iterable, Sequence

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, Finding, Plan, Proof, Risk
from naosu.fixers.crashes import Seen, crashes_of, seen, told
from naosu.fixers.eager import loading_plans, refreshing_plans
from naosu.fixers.loading import Step
from naosu.fixers.mapped import ModelOf, read_models
from naosu.fixers.reach import reached
from naosu.fixers.unloaded import FROM, is_refresh, starts_of, steps_of, text_of
from naosu.ports.fixer import Workplace

GREENLET = re.compile(r"MissingGreenlet|greenlet_spawn has not been called")
GONE = ("MissingGreenlet", "greenlet_spawn has not been called")


class MissingGreenlet:
    """Loads with awaited statements what would be loaded by surprise."""

    name = "orm_async_missing_greenlet"
    category = Category.ORM

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield each relation or class that was loaded outside of an awaited call."""
        found = seen(work.evidence, GREENLET)
        crashes = crashes_of(found)
        models = read_models(work.source) if crashes else ()
        groups: dict[tuple[str, ...], list[Crash]] = {}
        for crash in crashes:
            groups.setdefault(self._key(work, crash, models), []).append(crash)
        for group in groups.values():
            own = [one for one in found if one.crash in group]
            yield self._finding(work, models, group, own)

    @staticmethod
    def _key(work: Workplace, crash: Crash, models: Sequence[ModelOf]) -> tuple[str, ...]:
        if is_refresh(crash):
            return ("", *(match["table"] for match in FROM.finditer(text_of(crash))))
        return tuple(f"{step.model.name}.{step.relation.attribute}" for step in steps_of(work, crash, models))

    def _finding(
        self, work: Workplace, models: Sequence[ModelOf], crashes: Sequence[Crash], found: Sequence[Seen]
    ) -> Finding:
        proof = Proof(text="The requests that failed are answered, those that worked as before.", gone=GONE)
        through = reached(work.source, [start for crash in crashes for start in starts_of(work, crash)])
        steps: list[Step] = []
        plans: list[Plan] = []
        if any(is_refresh(crash) for crash in crashes):
            tables = {match["table"] for crash in crashes for match in FROM.finditer(text_of(crash))}
            model = next((model for model in models if model.table in tables), None)
            plans = refreshing_plans(work, model, through, proof)
            cause = "A commit expired an object, and it is read afterwards without awaiting the database."
        else:
            steps = steps_of(work, crashes[0], models)
            plans = loading_plans(work, models, steps, through, proof) if steps else []
            names = ", ".join(f"{step.model.name}.{step.relation.attribute}" for step in steps) or "A relation"
            cause = f"{names} is loaded when it is first asked for, where nothing can be awaited."
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if plans else 0.75,
                evidence=told(
                    found, *(f"{step.relation.attribute} is a relation of {step.model.path}" for step in steps)
                ),
                cause=cause,
                risk=Risk.LOW,
                options=(
                    "Load the relation with the statement (selectinload), or await refresh(attribute_names=[…]).",
                ),
            ),
            plans=tuple(plans),
            crashes=crashes_of(found),
        )
