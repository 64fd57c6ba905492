"""Middleware that is added while the application starts, when its stack is made already."""

import re
from collections.abc import Iterable, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.crashes import crashes_of, seen, told
from naosu.fixers.editing import Change, dotted_name, file_edit, nodes_of, replace_nodes
from naosu.fixers.places import Place, frame_places
from naosu.fixers.web_apps import ASGI, App, apps
from naosu.ports.fixer import SourceTree, Workplace

LATE = re.compile(r"Cannot add middleware after an application has started")


class MiddlewareAddedLate:
    """Adds middleware where the application is made."""

    name = "performance_middleware_added_late"
    category = Category.PERFORMANCE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the statement that adds middleware too late."""
        found = seen(work.evidence, LATE)
        if not found:
            return
        plans = [plan for crash in crashes_of(found)[:1] for plan in self._plans(work.source, crash.own_frames)]
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if plans else 0.8,
                evidence=told(found),
                cause="Middleware is added in a function that runs when the application has started already.",
                risk=Risk.LOW,
                options=("Add middleware right after the application is made.",),
            ),
            plans=tuple(plans),
            crashes=crashes_of(found),
        )

    @staticmethod
    def _plans(source: SourceTree, frames: Sequence) -> Iterable[Plan]:  # type: ignore[type-arg]
        made = list(apps(source, ASGI))
        for place, frame in frame_places(source, frames):
            function = place.function_at(frame.line)
            lines = place.at(frame.line, cst.SimpleStatementLine)
            own = next((app for app in made if app.place.path == place.path), None)
            if function is None or not lines or own is None:
                continue
            plan = _moved(place, function, lines[0], own)
            if plan is not None:
                yield plan
                return


def _moved(place: Place, function: cst.FunctionDef, line: cst.SimpleStatementLine, app: App) -> Plan | None:
    """Plan to move a statement out of its function to behind the one that makes the application."""
    module = place.module
    made = next((one for one in module.body if app.place.lines(one) == place.lines(app.line)), None)
    own = {node.value for node in nodes_of(function.body, cst.Name)} & _assigned(function)
    parameters = [parameter.name.value for parameter in function.params.params]
    read = {node.value for node in nodes_of(line, cst.Name)}
    if made is None or read & own or app.function is not None:
        return None
    renamed: dict[cst.CSTNode, Change] = {
        node: cst.Name(app.name) for node in nodes_of(line, cst.Name) if node.value in parameters[:1]
    }
    if read & set(parameters[1:]):
        return None
    bare = cst.parse_module(module.code_for_node(line.with_changes(leading_lines=[])).strip() + "\n")
    moved = bare.body[0]
    if renamed:
        moved = replace_nodes(
            bare, {node: cst.Name(app.name) for node in nodes_of(bare, cst.Name) if node.value in parameters[:1]}
        ).body[0]
    left = function.body.body
    alone = len([one for one in left if not _is_docstring(one)]) == 1
    changes: dict[cst.CSTNode, Change] = {made: cst.FlattenSentinel([made, moved])}
    if alone and line in left:
        changes[line] = cst.SimpleStatementLine([cst.Pass()])
    else:
        changes[line] = cst.RemovalSentinel.REMOVE
    after = replace_nodes(module, changes)
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Add the middleware where {app.name} is made",
        explanation="Once the application has started its middleware is fixed; it has to be added before.",
        risk=Risk.LOW,
        proof=Proof(text="The application starts and answers.", gone=("Cannot add middleware after an application",)),
        undo="The edited file gets its text from before back.",
        edits=(file_edit(place.path, module, after),),
    )


def _assigned(function: cst.FunctionDef) -> set[str]:
    return {dotted_name(node.target) for node in nodes_of(function.body, cst.AssignTarget)}


def _is_docstring(line: cst.CSTNode) -> bool:
    first = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
    return isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString)
