"""Relationships between tables that no foreign key links, though a column is named and typed like one."""

import re
from collections.abc import Iterable, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.crashes import Seen, crashes_of, seen, told
from naosu.fixers.editing import (
    Change,
    dotted_name,
    file_edit,
    imported_names,
    nodes_of,
    qualified_name,
    replace_nodes,
    with_import,
)
from naosu.fixers.foreign_keys import candidates, key_names, linked, sides, target_of, with_key
from naosu.fixers.loading import Step
from naosu.fixers.mapped import ModelOf, RelationOf, read_models, string_of
from naosu.ports.fixer import SourceTree, Workplace

MISSING = re.compile(
    r"Could not determine join condition between parent/child tables on relationship (?P<model>\w+)\.(?P<attribute>\w+)"
    r"(?:[^\n]*?via secondary table '(?P<secondary>\w+)')?"
)
MANY = "multiple foreign key paths"


class NoForeignKeys:
    """Makes the column that is meant to be a foreign key one."""

    name = "orm_no_foreign_keys"
    category = Category.ORM

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the relationships whose tables nothing links."""
        groups: dict[tuple[str, ...], list[Seen]] = {}
        for one in seen(work.evidence, MISSING):
            if MANY not in one.line:
                key = (one.match["model"], one.match["attribute"], one.match["secondary"] or "")
                groups.setdefault(key, []).append(one)
        models = read_models(work.source) if groups else ()
        for (name, attribute, secondary), found in groups.items():
            owner = next((model for model in models if model.name == name and attribute in model.relations), None)
            if owner is not None:
                yield self._finding(work.source, models, Step(owner, owner.relations[attribute]), secondary, found)

    def _finding(
        self,
        source: SourceTree,
        models: Sequence[ModelOf],
        side: Step,
        secondary: str,
        found: Sequence[Seen],
    ) -> Finding:
        owner, relation = side.model, side.relation
        edits = _through(source, models, secondary) if secondary else _direct(models, owner, relation)
        plans = [_plan(owner, relation, summary, edit) for summary, edit in edits]
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if len(plans) == 1 else 0.75,
                evidence=told(found, *(summary for summary, _ in edits)),
                cause=f"No foreign key links the tables of {owner.name}.{relation.attribute}.",
                risk=Risk.MEDIUM,
                options=("Add the column and its foreign key, and a migration for both.",),
            ),
            plans=tuple(plans),
            crashes=crashes_of(found),
        )


def _direct(models: Sequence[ModelOf], owner: ModelOf, relation: RelationOf) -> list[tuple[str, FileEdit]]:
    """Return the edits for each column that may be meant, the likelier side first; none where several are alike."""
    edits = []
    for child, parent, more in sides(owner, relation, models):
        columns, target = candidates(child, parent, more), target_of(parent)
        if len(columns) == 1 and target:
            column = columns[0]
            text = f"Make {child.name}.{column.attribute} a foreign key to {target}"
            edits.append((text, linked(child, column, target)))
    return edits


def _through(source: SourceTree, models: Sequence[ModelOf], table: str) -> list[tuple[str, FileEdit]]:
    """Return the edit that links an association table with the tables that its columns are named after."""
    for path, module in source.modules("Table"):
        names = imported_names(module)
        for call in nodes_of(module, cst.Call):
            kind = qualified_name(call.func, names).rpartition(".")[2]
            if kind == "Table" and call.args and string_of(call.args[0].value) == table:
                return _linked_table(path, module, call, models)
    return []


def _linked_table(
    path: str, module: cst.Module, table: cst.Call, models: Sequence[ModelOf]
) -> list[tuple[str, FileEdit]]:
    changes: dict[cst.CSTNode, Change] = {}
    prefix = dotted_name(table.func).rpartition(".")[0]
    local = f"{prefix}.ForeignKey" if prefix else with_import(module, "sqlalchemy", "ForeignKey")[1]
    targets = []
    for column in [arg.value for arg in table.args if isinstance(arg.value, cst.Call)]:
        name = string_of(column.args[0].value) if column.args else ""
        has_key = any(dotted_name(call.func).endswith("ForeignKey") for call in nodes_of(column, cst.Call))
        fitting = [model for model in models if name.replace("_", "").lower() in key_names(model) and target_of(model)]
        if name and not has_key and len(fitting) == 1:
            target = target_of(fitting[0])
            changes[column] = with_key(column, cst.parse_expression(f'{local}("{target}")'))
            targets.append(f"{name} → {target}")
    if not changes:
        return []
    after = replace_nodes(module, changes)
    after = after if prefix else with_import(after, "sqlalchemy", "ForeignKey")[0]
    return [(f"Link the association table: {', '.join(targets)}", file_edit(path, module, after))]


def _plan(owner: ModelOf, relation: RelationOf, summary: str, edit: FileEdit) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary=summary,
        explanation=(
            f"{owner.name}.{relation.attribute} needs a foreign key to know which rows belong together. "
            "The database keeps working as it is; a constraint there can follow by a migration."
        ),
        risk=Risk.MEDIUM,
        proof=Proof(
            text="The mappers are configured, and the request that failed is answered.",
            gone=("Could not determine join condition", "NoForeignKeysError", "mappers failed to initialize"),
        ),
        undo="The edited file gets its text from before back.",
        edits=(edit,),
    )
