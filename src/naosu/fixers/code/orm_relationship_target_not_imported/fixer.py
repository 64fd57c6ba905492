"""Relationships to classes by a name that is not registered: never imported, or spelt otherwise."""

import difflib
import re
from collections.abc import Iterable, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.orm_relationship_target_not_imported.registering import registering_plans
from naosu.fixers.crashes import Seen, crashes_of, seen, told
from naosu.fixers.editing import Change, file_edit, nodes_of, replace_nodes
from naosu.fixers.mapped import ModelOf, RelationOf, annotation_words, read_models, string_of
from naosu.ports.fixer import SourceTree, Workplace

MISSING = re.compile(r"expression [\"']+(?P<expression>[^\n]+?)[\"']+ failed to locate a name \([\"']+(?P<name>[\w.]+)")
LIKENESS_MIN = 0.75


class TargetNotImported:
    """Registers the class that a relationship names, or names it as it is called."""

    name = "orm_relationship_target_not_imported"
    category = Category.ORM

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the names that relationships could not resolve."""
        groups: dict[str, list[Seen]] = {}
        for one in seen(work.evidence, MISSING):
            groups.setdefault(one.match["name"], []).append(one)
        models = read_models(work.source) if groups else ()
        for name, found in groups.items():
            yield self._finding(work.source, models, name, found)

    def _finding(self, source: SourceTree, models: Sequence[ModelOf], name: str, found: Sequence[Seen]) -> Finding:
        proof = Proof(
            text="The mappers are configured, and the request that failed is answered.",
            gone=(rf"failed to locate a name \([\"']+{re.escape(name)}", "mappers failed to initialize"),
        )
        last = name.rpartition(".")[2]
        defined = [model for model in models if model.name == last]
        plans: list[Plan] = []
        facts = [f"{model.path} defines {model.name}" for model in defined]
        if len(defined) == 1:
            plans = registering_plans(source, defined[0], models, proof)
            cause = f"Nothing imports {defined[0].path}, so {last} is not registered when the mappers are configured."
        else:
            cause = f"No mapped class is called {last}."
            right = difflib.get_close_matches(last, sorted({model.name for model in models}), n=2, cutoff=LIKENESS_MIN)
            if not defined and len(right) == 1:
                plans = [_rename(models, last, right[0], proof)]
                cause = f"A relationship names {last}; the class is called {right[0]}."
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if plans else 0.7,
                evidence=told(found, *facts),
                cause=cause,
                risk=Risk.LOW,
                options=("Import the module that defines the class before the first query.",),
            ),
            plans=tuple(plans),
            crashes=crashes_of(found),
        )


def _rename(models: Sequence[ModelOf], wrong: str, right: str, proof: Proof) -> Plan:
    edits = []
    for path in dict.fromkeys(model.path for model in models):
        own = [model for model in models if model.path == path]
        changes: dict[cst.CSTNode, Change] = {
            node: node.with_changes(value=re.sub(rf"\b{wrong}\b", right, node.value))
            for model in own
            for relation in model.relations.values()
            if relation.target == wrong or wrong in annotation_words(relation.annotation)
            for node in _naming(relation)
            if wrong in string_of(node)
        }
        if changes:
            edits.append(file_edit(path, own[0].module, replace_nodes(own[0].module, changes)))
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Let the relationship name {right}",
        explanation=f"No class is called {wrong}; {right} is the only one that is nearly.",
        risk=Risk.LOW,
        proof=proof,
        undo="The edited files get their text from before back.",
        edits=tuple(edits),
    )


def _naming(relation: RelationOf) -> list[cst.SimpleString]:
    """Return the strings of a relationship that name its target."""
    strings = nodes_of(relation.annotation, cst.SimpleString) if relation.annotation else []
    return [*strings, *(nodes_of(relation.argument, cst.SimpleString) if relation.argument else [])]
