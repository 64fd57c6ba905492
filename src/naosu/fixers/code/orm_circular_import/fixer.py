"""Modules that import each other, where one of them needs the names only later, or as strings."""

from collections.abc import Iterable, Sequence

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.orm_circular_import.circles import FROM, PARTIAL, circles
from naosu.fixers.crashes import Seen, crashes_of, seen, told
from naosu.fixers.cycles import ImportEdge, import_edges, loosen
from naosu.fixers.deferring import deferred
from naosu.fixers.mapped import read_models
from naosu.ports.fixer import SourceTree, Workplace

EACH_ALONE = """
import json, subprocess, sys
broken = []
for name in {modules!r}:
    done = subprocess.run([sys.executable, "-c", "import " + name], capture_output=True, text=True)
    if "circular import" in done.stderr or "partially initialized" in done.stderr:
        broken.append(name + ": " + done.stderr.strip().splitlines()[-1])
print(json.dumps({{"ok": not broken, "detail": "; ".join(broken) or "each module can be imported alone"}}))
"""


class CircularImport:
    """Lets imports wait that nothing needs while modules are being imported."""

    name = "orm_circular_import"
    category = Category.ORM

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the circle in which an import failed."""
        found = [*seen(work.evidence, FROM, "ImportError"), *seen(work.evidence, PARTIAL, "AttributeError")]
        for modules, group in circles(work.source, found).items():
            finding = self._finding(work.source, modules, group)
            if finding:
                yield finding

    def _finding(self, source: SourceTree, modules: frozenset[str], found: Sequence[Seen]) -> Finding | None:
        edges = import_edges(source)
        start = sorted(modules)[0]
        inside = [edge for edge in edges if edge.path in modules and edge.target in modules]
        cuts = loosen(edges, start)
        if cuts is None:
            return None
        models = read_models(source)
        whole = tuple(edge for edge in inside if edge.can_wait)
        plans = [plan for cut in (cuts, whole) if (plan := _plan(source, cut, modules, models))]
        plans = list({plan.key: plan for plan in plans}.values())
        is_orm = any(model.path in modules for model in models)
        facts = [f"{edge.path} imports {', '.join(edge.names)} from {edge.target}: {_needs(edge)}" for edge in inside]
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category if is_orm else Category.CODE,
                confidence=0.95,
                evidence=told(found, *facts),
                cause=f"{' and '.join(sorted(modules))} import each other before either is complete.",
                risk=Risk.LOW,
                options=("Move what both need into a module that imports neither.",),
            ),
            plans=tuple(plans),
            crashes=crashes_of(found),
        )


def _needs(edge: ImportEdge) -> str:
    return "needed for " + (", ".join(dict.fromkeys(use.need.value for use in edge.uses)) or "its effects")


def _plan(source: SourceTree, cuts: tuple[ImportEdge, ...], modules: frozenset[str], models: Sequence) -> Plan | None:  # type: ignore[type-arg]
    edits = deferred(cuts, models)
    if not edits:
        return None
    names = list(dict.fromkeys(name for edge in cuts for name in edge.names))
    dotted = [source.dotted(path) for path in sorted(modules)]
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Import {' and '.join(names)} only where {'it is' if len(names) == 1 else 'they are'} needed",
        explanation=(
            f"{', '.join(sorted(modules))} import each other. "
            + " ".join(f"{edge.path} needs {', '.join(edge.names)} not yet while it is imported." for edge in cuts)
        ),
        risk=Risk.LOW,
        proof=Proof(
            text="The application starts, and each module of the circle can be imported alone.",
            gone=("circular import", "partially initialized module"),
            script=EACH_ALONE.format(modules=dotted),
        ),
        undo="The edited files get their text from before back.",
        edits=edits,
    )
