"""Mapped classes without a primary key, where a column is meant to be one."""

import re
from collections.abc import Iterable, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.crashes import Seen, crashes_of, seen, told
from naosu.fixers.editing import Change, file_edit, replace_nodes, with_argument, with_import
from naosu.fixers.mapped import ColumnOf, ModelOf, models_in
from naosu.ports.fixer import SourceTree, Workplace

MISSING = re.compile(
    r"Mapper '?(?:Mapper\[|mapped class )(?P<model>\w+)[^\n]*could not assemble any primary key columns"
)
KEYS_OF_A_LINK = 2


class PrimaryKeyMissing:
    """Makes the column that is meant to be the primary key one."""

    name = "orm_primary_key_missing"
    category = Category.ORM

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the classes that SQLAlchemy could not map."""
        groups: dict[str, list[Seen]] = {}
        for one in seen(work.evidence, MISSING):
            groups.setdefault(one.match["model"], []).append(one)
        for name, found in groups.items():
            model = _model(work.source, name)
            if model is not None:
                yield self._finding(model, found)

    def _finding(self, model: ModelOf, found: Sequence[Seen]) -> Finding:
        columns = _meant(model)
        names = " and ".join(f"{model.name}.{column.attribute}" for column in columns)
        proof = Proof(
            text="The class is mapped, and the application starts.",
            gone=("could not assemble any primary key columns",),
        )
        plan = Plan(
            kind=PlanKind.CODE,
            summary=f"Make {names} the primary key",
            explanation=f"SQLAlchemy maps only tables with a primary key, and {names} is what tells rows apart.",
            risk=Risk.MEDIUM,
            proof=proof,
            undo="The edited file gets its text from before back.",
            edits=(_edit(model, columns),),
        )
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9 if columns else 0.8,
                evidence=told(found),
                cause=f"{model.name} declares no primary key.",
                risk=Risk.MEDIUM,
                options=("Say which column tells rows apart, or add one, with a migration.",),
            ),
            plans=(plan,) if columns else (),
            crashes=crashes_of(found),
        )


def _model(source: SourceTree, name: str) -> ModelOf | None:
    for path, module in source.modules(name):
        for model in models_in(path, module):
            if model.name == name:
                return model
    return None


def _meant(model: ModelOf) -> list[ColumnOf]:
    """Return the columns that are meant: ``id``, else the only one named like it, else both keys of a link."""
    own = {f"{model.name.lower()}_id", f"{model.name.lower()}id", "id", "pk", "uuid", "guid"}
    for wanted in ({"id"}, own):
        found = [
            column for column in model.columns.values() if column.attribute.lower() in wanted and not column.targets
        ]
        if len(found) == 1:
            return found
    keys = [column for column in model.columns.values() if column.targets]
    return keys if len(keys) == KEYS_OF_A_LINK else []


def _edit(model: ModelOf, columns: Sequence[ColumnOf]) -> FileEdit:
    changes: dict[cst.CSTNode, Change] = {}
    bare = False
    for column in columns:
        if column.call is not None:
            changes[column.call] = with_argument(column.call, "primary_key", cst.Name("True"))
        elif isinstance(column.statement, cst.AnnAssign):
            bare = True
            call = cst.parse_expression("mapped_column(primary_key=True)")
            changes[column.statement] = column.statement.with_changes(value=call, equal=cst.AssignEqual())
    after = replace_nodes(model.module, changes)
    if bare:
        after, _ = with_import(after, "sqlalchemy.orm", "mapped_column")
    return file_edit(model.path, model.module, after)
