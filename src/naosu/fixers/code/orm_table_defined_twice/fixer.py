"""Tables that are defined twice: a module imported under two names, or a table's name copied to another class."""

import re
from collections.abc import Iterable, Sequence

import libcst as cst
import msgspec

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.crashes import Seen, crashes_of, seen, told
from naosu.fixers.cycles import package_of
from naosu.fixers.editing import Change, dotted_name, file_edit, import_source, nodes_of, replace_nodes
from naosu.fixers.foreign_keys import plural, singular
from naosu.fixers.mapped import ModelOf, assignments, read_models
from naosu.ports.fixer import SourceTree, Workplace

TWICE = re.compile(r"Table '(?P<table>\w+)' is already defined for this MetaData instance")


class Import(msgspec.Struct, frozen=True):
    """An import of a module under one of its names."""

    path: str
    module: cst.Module
    node: cst.ImportFrom
    dotted: str


class TableDefinedTwice:
    """Lets a module be imported under one name, and a table be defined by one class."""

    name = "orm_table_defined_twice"
    category = Category.ORM

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the tables that were defined twice."""
        groups: dict[str, list[Seen]] = {}
        for one in seen(work.evidence, TWICE):
            groups.setdefault(one.match["table"], []).append(one)
        models = read_models(work.source) if groups else ()
        for table, found in groups.items():
            owners = [model for model in models if model.table == table]
            if owners:
                yield self._finding(work.source, table, owners, models, found)

    def _finding(
        self,
        source: SourceTree,
        table: str,
        owners: Sequence[ModelOf],
        models: Sequence[ModelOf],
        found: Sequence[Seen],
    ) -> Finding:
        proof = Proof(
            text="The application starts, and every table is defined once.",
            gone=(rf"Table '{table}' is already defined",),
        )
        plan = _one_name(source, owners[0], proof) if len(owners) == 1 else _own_table(table, owners, models, proof)
        cause = (
            f"{owners[0].path} is imported under two names, so its classes are made twice."
            if len(owners) == 1
            else f"{' and '.join(model.name for model in owners)} both call their table {table}."
        )
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9 if plan else 0.75,
                evidence=told(found, *(f"{model.path}: {model.name} has the table {table}" for model in owners)),
                cause=cause,
                risk=plan.risk if plan else Risk.MEDIUM,
                options=("Remove the class that is not used, or give it a table of its own.",),
            ),
            plans=(plan,) if plan else (),
            crashes=crashes_of(found),
        )


def _one_name(source: SourceTree, model: ModelOf, proof: Proof) -> Plan | None:
    """Plan to import a module under the name that most use, where there are several."""
    imports = [one for one in _imports(source) if _is_of(source, one.dotted, model.path)]
    names = {one.dotted for one in imports}
    if len(names) < 2:  # noqa: PLR2004 - one name is what there should be
        return None
    right = max(sorted(names), key=lambda name: (sum(one.dotted == name for one in imports), name.count(".")))
    edits = []
    for path in dict.fromkeys(one.path for one in imports if one.dotted != right):
        own = [one for one in imports if one.path == path and one.dotted != right]
        changes: dict[cst.CSTNode, Change] = {
            one.node: one.node.with_changes(module=cst.parse_expression(right), relative=()) for one in own
        }
        edits.append(file_edit(path, own[0].module, replace_nodes(own[0].module, changes)))
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Import {model.path} as {right} everywhere",
        explanation=f"Python keeps a module for each name it is imported by: {', '.join(sorted(names))}.",
        risk=Risk.LOW,
        proof=proof,
        undo="The edited files get their text from before back.",
        edits=tuple(edits),
    )


def _imports(source: SourceTree) -> Iterable[Import]:
    for path, module in source.modules():
        for node in nodes_of(module, cst.ImportFrom):
            yield Import(path, module, node, import_source(node, package_of(source, path)))


def _is_of(source: SourceTree, dotted: str, path: str) -> bool:
    """Tell whether a dotted name leads to a file, from whatever folder it is looked up."""
    inside = dotted.replace(".", "/")
    ends = (f"{inside}.py", f"{inside}/__init__.py")
    return bool(dotted) and any(path == end or path.endswith(f"/{end}") for end in ends)


def _own_table(table: str, owners: Sequence[ModelOf], models: Sequence[ModelOf], proof: Proof) -> Plan | None:
    """Plan to name the table of the one class after itself, where the other's name says that the table is its own."""
    strangers = [model for model in owners if _stem(model.name) != _stem(singular(table))]
    if len(strangers) != 1 or len(owners) != 2:  # noqa: PLR2004 - a pair
        return None
    model = strangers[0]
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", model.name).lower()
    name = plural(name) if table.endswith("s") else name
    value = next((value for _, attribute, _, value in assignments(model.node) if attribute == "__tablename__"), None)
    if value is None or any(one.table == name for one in models):
        return None
    new = cst.SimpleString(f'"{name}"')
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Call the table of {model.name} {name}",
        explanation=f"{table} is the table of another class; {model.name} had its name by copying.",
        risk=Risk.MEDIUM,
        proof=proof,
        undo="The edited file gets its text from before back.",
        edits=(file_edit(model.path, model.module, replace_nodes(model.module, {value: new})),),
    )


def _stem(name: str) -> str:
    return dotted_name(cst.Name(name)).replace("_", "").lower()
