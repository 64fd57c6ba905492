"""Foreign keys that name a table or a column otherwise than its model does."""

import difflib
import re
from collections.abc import Iterable, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.orm_relationship_target_not_imported.registering import registering_plans
from naosu.fixers.crashes import Seen, crashes_of, seen, told
from naosu.fixers.editing import Change, file_edit, nodes_of, replace_nodes
from naosu.fixers.foreign_keys import singular
from naosu.fixers.mapped import ModelOf, read_models, string_of
from naosu.ports.fixer import SourceTree, Workplace

TABLE = re.compile(
    r"Foreign key associated with column '(?P<column>[\w.]+)' could not find table '(?P<table>[\w.]+)' with which to "
    r"generate a foreign key to target column '(?P<target>\w+)'"
)
COLUMN = re.compile(
    r"Could not initialize target column for ForeignKey '(?P<table>[\w.]+)\.(?P<target>\w+)' on table '(?P<column>\w+)'"
)
LIKENESS_MIN = 0.75


class ForeignKeyTargetUnknown:
    """Lets foreign keys name tables as their models do."""

    name = "orm_foreign_key_target_unknown"
    category = Category.ORM

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the foreign keys whose table or column is not there."""
        groups: dict[tuple[str, str], list[Seen]] = {}
        for one in [*seen(work.evidence, TABLE), *seen(work.evidence, COLUMN)]:
            groups.setdefault((one.match["table"], one.match["target"]), []).append(one)
        models = read_models(work.source) if groups else ()
        for (table, target), found in groups.items():
            yield self._finding(work.source, models, table, target, found)

    def _finding(
        self, source: SourceTree, models: Sequence[ModelOf], table: str, target: str, found: Sequence[Seen]
    ) -> Finding:
        proof = Proof(
            text="The tables are linked, and the request that failed is answered.",
            gone=("NoReferencedTableError", "NoReferencedColumnError", "could not find table"),
        )
        known = [model for model in models if model.table == table]
        plans: list[Plan] = []
        if known and target in known[0].columns:
            plans = registering_plans(source, known[0], models, proof)
            cause = f"Nothing imports {known[0].path}, which defines the table {table}."
        else:
            right = _right(models, table, target)
            cause = f"No table is called {table}, or it has no column {target}."
            if right:
                plans = [plan for plan in [_rename(source, f"{table}.{target}", right, proof)] if plan]
                cause = f"The key is written {table}.{target}; the model says {right}."
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9 if plans else 0.7,
                evidence=told(found),
                cause=cause,
                risk=Risk.LOW,
                options=("Name the table as its model does, or import the model's module.",),
            ),
            plans=tuple(plans),
            crashes=crashes_of(found),
        )


def _right(models: Sequence[ModelOf], table: str, target: str) -> str:
    """Return the only table and column that can be meant. Empty: none, or several."""
    fitting = {model.table: model for model in models if model.table and (model.table == table or _alike(model, table))}
    if len(fitting) != 1:
        return ""
    model = next(iter(fitting.values()))
    if target in model.columns:
        return f"{model.table}.{target}"
    return f"{model.table}.{model.primary_keys[0]}" if len(model.primary_keys) == 1 else ""


def _alike(model: ModelOf, table: str) -> bool:
    name = table.lower()
    if name in {model.name.lower(), singular(model.table), model.table.lower()} or singular(name) == singular(
        model.table
    ):
        return True
    return difflib.SequenceMatcher(None, name, model.table).ratio() >= LIKENESS_MIN


def _rename(source: SourceTree, wrong: str, right: str, proof: Proof) -> Plan | None:
    edits = []
    for path, module in source.modules(wrong):
        changes: dict[cst.CSTNode, Change] = {
            node: node.with_changes(value=node.value.replace(wrong, right))
            for node in nodes_of(module, cst.SimpleString)
            if string_of(node) == wrong
        }
        if changes:
            edits.append(file_edit(path, module, replace_nodes(module, changes)))
    if not edits:
        return None
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Let the foreign key name {right}",
        explanation=f"There is no {wrong}; {right} is what the model declares.",
        risk=Risk.LOW,
        proof=proof,
        undo="The edited files get their text from before back.",
        edits=tuple(edits),
    )
