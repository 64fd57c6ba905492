"""Objects that are asked for a relation, or for a column after a commit, when their session is closed."""

import re
from collections.abc import Iterable, Sequence

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Proof, Risk
from naosu.fixers.crashes import Seen, crashes_of, seen, told
from naosu.fixers.eager import loading_plans, refreshing_plans
from naosu.fixers.mapped import read_models
from naosu.fixers.reach import reached
from naosu.fixers.unloaded import EXPIRED, LAZY, RAISING, is_refresh, starts_of, steps_of
from naosu.ports.fixer import Workplace

OPTIONS = (
    "Load the relation in the statement that produces the rows (selectinload, joinedload).",
    "Keep the session open until the answer is made.",
)


class DetachedInstance:
    """Loads what is needed while the session is open."""

    name = "orm_detached_instance"
    category = Category.ORM

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield each relation or class that could not be loaded."""
        groups: dict[tuple[str, str], list[Seen]] = {}
        for pattern in (LAZY, EXPIRED, RAISING):
            for one in seen(work.evidence, pattern):
                said = one.match.groupdict()
                groups.setdefault((said["model"], said.get("attribute") or ""), []).append(one)
        for (model, attribute), found in groups.items():
            yield self._finding(work, model, attribute, found)

    def _finding(self, work: Workplace, name: str, attribute: str, found: Sequence[Seen]) -> Finding:
        models = read_models(work.source)
        model = next((model for model in models if model.name == name), None)
        crashes = crashes_of(found)
        starts = [start for crash in crashes for start in starts_of(work, crash)]
        through = reached(work.source, starts)
        proof = Proof(
            text="The requests that failed are answered, those that worked as before.",
            gone=(
                rf"<{name} at 0x[0-9a-f]+> is not bound to a Session",
                rf"'{name}\.\w+' is not available due to lazy",
            ),
        )
        steps = [step for crash in crashes[:1] for step in steps_of(work, crash, models)]
        if attribute and not any(is_refresh(crash) for crash in crashes):
            own = [step for step in steps if step.relation.attribute == attribute] or steps
            plans = loading_plans(work, models, own, through, proof) if own else []
            cause = f"{name}.{attribute} is loaded only when it is asked for, and by then the session is closed."
        else:
            plans = refreshing_plans(work, model, through, proof)
            cause = f"A commit expired the {name}, and it is used after its session was closed."
        facts = [f"{one.path}: {one.name}" for one in starts[-1:]]
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if plans else 0.8,
                evidence=told(found, *facts),
                cause=re.sub(r"\s+", " ", cause),
                risk=Risk.LOW,
                options=OPTIONS,
            ),
            plans=tuple(plans),
            crashes=crashes,
        )
