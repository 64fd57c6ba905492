"""An application and its models that import each other, because an object that both need is defined in one of them."""

from collections.abc import Iterable, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.orm_circular_import.circles import FROM, circles
from naosu.fixers.crashes import Seen, crashes_of, seen, told
from naosu.fixers.cycles import ImportEdge, import_edges, knot, loosen
from naosu.fixers.editing import file_edit, nodes_of
from naosu.fixers.moving import closure, moved_out
from naosu.ports.fixer import SourceTree, Workplace


class CircularApplication:
    """Gives what the modules of a circle share a module of its own."""

    name = "orm_flask_circular_app_models"
    category = Category.ORM

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the circle in which an import failed, where no import in it could just wait."""
        for modules, found in circles(work.source, seen(work.evidence, FROM, "ImportError")).items():
            edges = import_edges(work.source)
            if loosen(edges, min(modules)) is None:
                yield self._finding(work.source, edges, modules, found)

    def _finding(
        self, source: SourceTree, edges: Sequence[ImportEdge], modules: frozenset[str], found: Sequence[Seen]
    ) -> Finding:
        inside = [edge for edge in edges if edge.path in modules and edge.target in modules]
        plans = []
        for owner in sorted(modules):
            plans += [plan for plan in [_extract(source, edges, inside, owner)] if plan]
        first = {path for one in found if (path := source.find_module(one.match["module"]))}
        for owner in sorted(first):
            plans += [plan for plan in [_import_later(source, inside, owner)] if plan]
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9 if plans else 0.7,
                evidence=told(
                    found, *(f"{edge.path} imports {', '.join(edge.names)} from {edge.target}" for edge in inside)
                ),
                cause=f"{' and '.join(sorted(modules))} import each other for what one of them defines.",
                risk=Risk.MEDIUM,
                options=("Define what both need in a module that imports neither.",),
            ),
            plans=tuple(plans),
            crashes=crashes_of(found),
        )


def _proof() -> Proof:
    return Proof(
        text="The application starts, and the request that failed is answered.",
        gone=("circular import", "partially initialized module"),
    )


def _extract(source: SourceTree, edges: Sequence[ImportEdge], inside: Sequence[ImportEdge], owner: str) -> Plan | None:
    """Plan to define elsewhere what the others import from this module."""
    module = source.module(owner)
    asking = [edge for edge in inside if edge.target == owner]
    wanted = {name for edge in asking for name in edge.names}
    foreign = {name for edge in inside if edge.path == owner for name in edge.names.values()}
    moving = closure(module, wanted, foreign) if module and wanted else None
    rest = [edge for edge in edges if edge not in asking]
    if not module or not moving or any(knot(rest, edge.path) for edge in inside):
        return None
    edits = moved_out(source, owner, module, moving, asking)
    names = ", ".join(one.name for one in moving)
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Define {names} in {edits[0].path}, which imports neither side",
        explanation=f"{owner} imports what imports {names} from {owner}. Now both take it from a third module.",
        risk=Risk.MEDIUM,
        proof=_proof(),
        undo=f"The edited files get their text from before back; {edits[0].path} is removed.",
        edits=edits,
    )


def _import_later(source: SourceTree, inside: Sequence[ImportEdge], owner: str) -> Plan | None:
    """Plan to import the others only after what they need of this module is defined."""
    module = source.module(owner)
    needed = {name for edge in inside if edge.target == owner for name in edge.names}
    lines = list({id(edge.line): edge.line for edge in inside if edge.path == owner}.values())
    taken = {name for edge in inside if edge.path == owner for name in edge.names.values()}
    if not module or not needed or not lines:
        return None
    places = [i for i, line in enumerate(module.body) if _defines(line, needed)]
    if not places or any(
        name.value in taken
        for line in module.body[: places[-1] + 1]
        if line not in lines
        for name in nodes_of(line, cst.Name)
    ):
        return None
    late = [line.with_changes(trailing_whitespace=_unsorted(line), leading_lines=[]) for line in lines]
    late[0] = late[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    body: list[cst.SimpleStatementLine | cst.BaseCompoundStatement] = []
    for i, line in enumerate(module.body):
        if line not in lines:
            body.append(line)
        if i == places[-1]:
            body.extend(late)
    after = module.with_changes(body=body)
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Import {', '.join(sorted(taken))} in {owner} after {', '.join(sorted(needed))} exists",
        explanation=f"What {owner} imports needs {', '.join(sorted(needed))} of it, so that has to be defined first.",
        risk=Risk.MEDIUM,
        proof=_proof(),
        undo="The edited file gets its text from before back.",
        edits=(file_edit(owner, module, after),),
    )


def _defines(line: cst.CSTNode, names: set[str]) -> bool:
    if isinstance(line, cst.ClassDef | cst.FunctionDef):
        return line.name.value in names
    targets = (
        [node.target for node in nodes_of(line, cst.AssignTarget)] if isinstance(line, cst.SimpleStatementLine) else []
    )
    return any(isinstance(target, cst.Name) and target.value in names for target in targets)


def _unsorted(line: cst.SimpleStatementLine) -> cst.TrailingWhitespace:
    return line.trailing_whitespace.with_changes(
        whitespace=cst.SimpleWhitespace("  "), comment=line.trailing_whitespace.comment or cst.Comment("# noqa: E402")
    )
