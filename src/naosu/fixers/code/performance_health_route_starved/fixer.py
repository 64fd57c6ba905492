"""Health routes that are plain functions: while every thread is busy they wait, and the service seems dead."""

import re
from collections.abc import Iterable

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import WebRequest
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.editing import dotted_name, file_edit, nodes_of, replace_nodes
from naosu.fixers.probing import argument_for, proving, requests_of
from naosu.fixers.reach import FunctionOf, functions, handling, routes_of
from naosu.fixers.web_apps import ASGI, apps
from naosu.ports.fixer import Workplace

HEALTH = re.compile(r"/(?:health(?:z|check)?|live(?:z|ness)?|ready(?:z|ness)?|ping|up|status)/?$")
WAITED = re.compile(r"(?i)(?:timed?[ -]?out|deadline|no answer|unresponsive|unhealthy|took \d)")
SLOW_S = 1.0
QUICK = frozenset({"dict", "list", "str", "int", "len", "bool", "JSONResponse", "PlainTextResponse", "Response"})


class HealthRouteStarved:
    """Lets a health route answer on the event loop, without a thread."""

    name = "performance_health_route_starved"
    category = Category.PERFORMANCE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the health routes that were seen to wait though they do nothing."""
        told = _waits(work)
        if not told or not list(apps(work.source, ASGI)):
            return
        for one in functions(work.source):
            if any(HEALTH.search(path) for _, path in routes_of(one.node)) and _is_idle(one.node):
                yield self._finding(work, one, told)

    def _finding(self, work: Workplace, one: FunctionOf, told: list[str]) -> Finding:
        asked = [
            request for request in requests_of(work) if one.node in [f.node for f in handling(work.source, [request])]
        ]
        asked = asked or [WebRequest(method="GET", path=path) for _, path in routes_of(one.node) if path]
        argument = argument_for(work, asked)
        script = proving(argument, starved=True) if argument else ""
        after = replace_nodes(one.module, {one.node: lambda node: node.with_changes(asynchronous=cst.Asynchronous())})
        plan = Plan(
            kind=PlanKind.CODE,
            summary=f"Answer {one.name} on the event loop",
            explanation="It waits for nothing itself, so it needs none of the threads that other routes keep busy.",
            risk=Risk.LOW,
            proof=Proof(text="The route answers while every thread is busy.", script=script),
            undo="The edited file gets its text from before back.",
            edits=(file_edit(one.path, one.module, after),),
        )
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.7,
                evidence=(*told[:3], f"{one.path}: {one.name} is a plain function, which needs a free thread"),
                cause=f"{one.name} waits for a thread while all of them are busy.",
                risk=Risk.LOW,
                options=("Allow more threads, or keep slow work out of them.",),
            ),
            plans=(plan,),
        )


def _waits(work: Workplace) -> list[str]:
    """Return what says that a health route waited: lines of the log, or its own time when it was asked."""
    lines = [line.strip()[:200] for line in work.evidence.log.splitlines() if WAITED.search(line)]
    found = [line for line in lines if any(HEALTH.search(word.rstrip(":,;)\"'")) for word in line.split())]
    found += [
        f"{one.request.line} took {one.total_s:.1f} s"
        for one in work.baseline.exchanges
        if one.total_s >= SLOW_S and HEALTH.search(one.request.path.partition("?")[0])
    ]
    return found


def _is_idle(node: cst.FunctionDef) -> bool:
    """Tell whether a plain function calls nothing that could wait, and depends on nothing."""
    if node.asynchronous is not None or "Depends" in {name.value for name in nodes_of(node.params, cst.Name)}:
        return False
    calls = {dotted_name(call.func) for call in nodes_of(node.body, cst.Call)}
    return calls <= QUICK and not nodes_of(node.body, cst.With, cst.For, cst.While)
