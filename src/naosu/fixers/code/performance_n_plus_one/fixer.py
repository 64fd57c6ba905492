"""Relations that are loaded row by row: one SELECT for the rows, and one more for each of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from naosu.domain.classification import Category
from naosu.domain.evidence import CodeFrame, WebRequest
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.performance_n_plus_one.django import django_edits
from naosu.fixers.code.performance_n_plus_one.repeated import REPEATS_MIN, Repeated, repeated, step_for
from naosu.fixers.eager import UNDO, loading_plans
from naosu.fixers.loading import Step
from naosu.fixers.mapped import ModelOf, read_models
from naosu.fixers.probing import argument_for, probe, proving, requests_of
from naosu.fixers.reach import framed, handling, reached
from naosu.ports.fixer import Workplace

LOADS_MAX = 2
"""So many single loads of one relation may be left in a request that is mended."""
Entry = Mapping[str, Any]


class NPlusOne:
    """Loads relations along with the rows that own them."""

    name = "performance_n_plus_one"
    category = Category.PERFORMANCE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the relations that a request loads row by row, as its log says or as is seen when it is sent again."""
        if not any(work.source.modules("relationship", "Relationship", "ForeignKey")):
            return
        said = repeated(work.evidence.log, work.baseline)
        if work.evidence.crashes and not said:
            return
        requests = requests_of(work)
        argument = argument_for(work, requests)
        told = probe(work, argument) if argument and requests else []
        entries = [
            {**entry, "request": one["request"]}
            for one in told
            for entry in one["lazy"].values()
            if entry["count"] >= REPEATS_MIN
        ]
        script = proving(argument, lazy_max=LOADS_MAX) if argument and entries else ""
        if entries and argument and argument["framework"] == "django":
            yield from self._django(work, entries, script)
        elif entries or said:
            yield from self._sqlalchemy(work, entries, said, script)

    def _sqlalchemy(
        self, work: Workplace, entries: Sequence[Entry], said: Sequence[Repeated], script: str
    ) -> Iterable[Finding]:
        models = read_models(work.source)
        steps = _steps(models, entries)
        asked = [WebRequest(method=method, path=path) for method, path in (e["request"].split(" ", 1) for e in entries)]
        starts = framed(work.source, _frames(entries)) or handling(work.source, asked)
        if not steps:
            starts = handling(work.source, [one.request for one in said])
            through = reached(work.source, starts)
            steps = [step for one in said if (step := step_for(one, models, through))]
        if not steps:
            return
        proof = _proof(script)
        plans = loading_plans(work, models, steps, reached(work.source, starts), proof)
        names = [f"{step.model.name}.{step.relation.attribute}" for step in steps]
        yield self._finding(names, entries, said, plans)

    def _django(self, work: Workplace, entries: Sequence[Entry], script: str) -> Iterable[Finding]:
        once = list({f"{entry['owner']}.{entry['attribute']}": entry for entry in entries}.values())
        near = {path for entry in entries for path, _, _ in entry["stack"]}
        plans = [
            Plan(
                kind=PlanKind.CODE,
                summary=f"Load {', '.join(entry['attribute'] for entry in once)} together with the rows that own it",
                explanation="The querysets load what belongs to their rows at once, no longer row by row.",
                risk=Risk.LOW,
                proof=_proof(script),
                undo=UNDO,
                edits=tuple(edits),
            )
            for paths in (near, set[str]())
            if (edits := django_edits(work.source, once, paths))
        ]
        names = [f"{entry['owner']}.{entry['attribute']}" for entry in once]
        yield self._finding(names, entries, (), list({plan.diff(): plan for plan in plans}.values()))

    def _finding(
        self, names: Sequence[str], entries: Sequence[Entry], said: Sequence[Repeated], plans: Sequence[Plan]
    ) -> Finding:
        facts = [
            f"{entry['request']} loads {entry['owner']}.{entry['attribute']} {entry['count']} times, row by row"
            + (f" ({entry['stack'][0][0]}:{entry['stack'][0][2]})" if entry["stack"] else "")
            for entry in entries
        ]
        facts += [
            f"{one.request.line}: {one.count} alike SELECTs FROM {one.table} by {one.column} in one request"
            for one in said
        ]
        listed = ", ".join(dict.fromkeys(names))
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if entries else 0.85,
                evidence=tuple(dict.fromkeys(facts)),
                cause=f"{listed} is loaded in a loop, by one SELECT for each row.",
                risk=Risk.LOW,
                options=("Load the relation in the statement whose rows are iterated.",),
            ),
            plans=tuple(plans),
        )


def _proof(script: str) -> Proof:
    return Proof(text="The same answers, with a number of SELECTs that does not grow with the rows.", script=script)


def _steps(models: Sequence[ModelOf], entries: Sequence[Entry]) -> list[Step]:
    """Return the relations that the probe saw, where the classes declare them or what they inherit from does."""
    found: dict[str, Step] = {}
    for entry in entries:
        own = [model for model in models if model.name == entry["owner"]]
        family = [*own, *(model for model in models if any(model.name in child.bases for child in own))]
        for model in family:
            if relation := model.relations.get(entry["attribute"]):
                found.setdefault(f"{model.name}.{relation.attribute}", Step(model, relation))
    return list(found.values())


def _frames(entries: Sequence[Entry]) -> list[CodeFrame]:
    return [
        CodeFrame(path=path, source_path=path, line=line, function=function)
        for entry in entries
        for path, function, line in entry["stack"]
    ]
