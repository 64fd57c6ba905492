"""Coroutines that call what blocks: while they wait, no other request is answered."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import FaultEvidence
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.performance_blocking_call_in_async.blocking import (
    Site,
    can_be_plain,
    coroutines,
    known_sites,
    site_of,
)
from naosu.fixers.editing import Change, ancestors, dotted_name, file_edit, nodes_of, replace_nodes, with_import
from naosu.fixers.probing import argument_for, probe, proving, requests_of
from naosu.ports.fixer import Workplace

STALL_S_MIN = 0.2
NETWORK_S = 0.4
SERVER_ERROR = 500
STALL_S_LEFT = 0.15
NETWORK_ERRORS = ("ConnectionError", "ConnectError", "ConnectTimeout", "ReadTimeout", "URLError", "gaierror", "Timeout")


class BlockingCallInAsync:
    """Lets the event loop go on while something is waited for."""

    name = "performance_blocking_call_in_async"
    category = Category.PERFORMANCE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the coroutines that were seen to hold up the event loop when their requests were sent again."""
        running = coroutines(work.source)
        slow = any(one.total_s >= STALL_S_MIN for one in work.baseline.exchanges)
        given = getattr(work, "given", work.evidence)
        refused = any(raised.name in NETWORK_ERRORS for crash in given.crashes for raised in crash.chain)
        if not running or refused or not (slow or known_sites(running)):
            return
        requests = requests_of(work)
        argument = argument_for(work, requests)
        if argument is None or argument["framework"] != "asgi" or not requests:
            return
        argument["network_s"] = NETWORK_S
        told = [one for one in probe(work, argument) if not _fails_anyway(one, given)]
        stalls = _stalls(told)
        sites = _sites(work, stalls)
        if sites:
            yield self._finding(work, sites, stalls, proving(argument, stall_s_max=STALL_S_LEFT))

    def _finding(
        self, work: Workplace, sites: Sequence[Site], stalls: Mapping[str, Mapping[str, float]], script: str
    ) -> Finding:
        proof = Proof(text="The event loop goes on while the same requests are answered.", script=script)
        plain = _plain_edits(work, sites)
        other = _awaiting_edits(sites)
        names = ", ".join(dict.fromkeys(site.function.name.value for site in sites))
        made_plain = _plan(
            f"Let {names} run in a thread",
            "It awaits nothing, so it can be a plain function, which the framework runs beside the event loop.",
            plain,
            proof,
        )
        awaited = _plan(
            f"Await what {names} waits for",
            "While a blocking call runs in a coroutine, no other request is answered.",
            other,
            proof,
        )
        plans = [awaited, made_plain] if all(site.is_sleep for site in sites) else [made_plain, awaited]
        facts = [
            f"{request}: the event loop stood still for {sum(one.values()):.1f} s" for request, one in stalls.items()
        ]
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9,
                evidence=(*facts, *dict.fromkeys(site.text for site in sites)),
                cause=f"{names} blocks the event loop: meanwhile nothing else is answered.",
                risk=Risk.LOW,
                options=("Use an asynchronous client, or call it in a thread.",),
            ),
            plans=tuple(plan for plan in plans if plan.edits),
        )


def _fails_anyway(one: Mapping[str, Any], given: FaultEvidence) -> bool:
    """Tell whether a request fails for another reason: what it waits for is down, here and where the log is from."""
    known = {request.line: request.status for request in given.requests}
    return one["status"] >= SERVER_ERROR and not 0 < known.get(one["request"], 0) < SERVER_ERROR


def _stalls(told: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return for each request how long each stack held up the loop; of those asked twice, the shorter."""
    found: dict[str, dict[str, float]] = {}
    for one in told:
        stalls: dict[str, float] = dict(one["stalls"])
        known = found.get(one["request"])
        if known is not None:
            stalls = {stack: min(known[stack], seconds) for stack, seconds in stalls.items() if stack in known}
        found[one["request"]] = stalls
    kept = {request: {key: s for key, s in stalls.items() if s >= STALL_S_MIN / 2} for request, stalls in found.items()}
    return {request: stalls for request, stalls in kept.items() if sum(stalls.values()) >= STALL_S_MIN}


def _sites(work: Workplace, stalls: Mapping[str, Mapping[str, float]]) -> list[Site]:
    """Return where coroutines waited, and what else in the same ones is known to."""
    stacks = {stack for one in stalls.values() for stack in one}
    seen = [site for stack in sorted(stacks) if (site := site_of(work.source, json.loads(stack)))]
    functions = {id(site.function): (site.place, site.function) for site in seen}
    once = {site.place.line_of(site.call) + site.function.name.value: site for site in seen}
    for site in known_sites(list(functions.values())):
        once.setdefault(site.place.line_of(site.call) + site.function.name.value, site)
    return list(once.values())


def _plain_edits(work: Workplace, sites: Sequence[Site]) -> list[FileEdit]:
    """Return the edits that make plain functions of all these coroutines; none when one of them cannot be."""
    functions = {site.function.name.value + site.place.path: site for site in sites}
    if not all(can_be_plain(work.source, site.place, site.function) for site in functions.values()):
        return []
    edits = []
    for path in dict.fromkeys(site.place.path for site in functions.values()):
        own = [site for site in functions.values() if site.place.path == path]
        module = own[0].place.module
        name = {site.function.name.value for site in own}
        changes: dict[cst.CSTNode, Change] = {
            node: _plain
            for node in nodes_of(module, cst.FunctionDef)
            if node.name.value in name and node.asynchronous is not None
        }
        edits.append(file_edit(path, module, replace_nodes(module, changes)))
    return edits


def _plain(node: cst.CSTNode) -> cst.CSTNode:
    return node.with_changes(asynchronous=None)


def _awaiting_edits(sites: Sequence[Site]) -> list[FileEdit]:
    edits = []
    for path in dict.fromkeys(site.place.path for site in sites):
        own = [site for site in sites if site.place.path == path]
        module = own[0].place.module
        calls = {place.line_of(site.call): site for site in own for place in [site.place]}
        after, asyncio_name = with_import(module, "asyncio")
        after = replace_nodes(module, {site.call: _awaited(site, asyncio_name) for site in calls.values()})
        after, _ = with_import(after, "asyncio")
        edits.append(file_edit(path, module, _without_unused_time(after)))
    return edits


def _awaited(site: Site, asyncio_name: str) -> Change:
    """Return the change of a call into one that is awaited: the sleep of asyncio, or the call in a thread."""
    in_generator = any(isinstance(up, cst.GeneratorExp | cst.Lambda) for up in _inside(site))
    parent = site.place.parents[site.call]
    is_enclosed = isinstance(parent, cst.Attribute | cst.Subscript | cst.BinaryOperation) or (
        isinstance(parent, cst.Call) and parent.func is site.call
    )

    def changed(node: cst.CSTNode) -> cst.CSTNode:
        call = cst.ensure_type(node, cst.Call)
        if in_generator:
            return call
        if site.is_sleep:
            called = call.with_changes(func=cst.parse_expression(f"{asyncio_name}.sleep"))
        else:
            if nodes_of(call.func, cst.Call):  # what comes before the last call may be what takes the time
                return _enclosed(cst.Await(_in_thread(asyncio_name, call)), is_enclosed=is_enclosed)
            first = cst.Arg(call.func, comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
            args = [first if call.args else first.with_changes(comma=cst.MaybeSentinel.DEFAULT), *call.args]
            called = call.with_changes(func=cst.parse_expression(f"{asyncio_name}.to_thread"), args=args)
        return _enclosed(cst.Await(called), is_enclosed=is_enclosed)

    return changed


def _in_thread(asyncio_name: str, call: cst.Call) -> cst.Call:
    whole = cst.Lambda(params=cst.Parameters(), body=call)
    return cst.Call(cst.parse_expression(f"{asyncio_name}.to_thread"), [cst.Arg(whole)])


def _enclosed(node: cst.Await, *, is_enclosed: bool) -> cst.Await:
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]) if is_enclosed else node


def _inside(site: Site) -> Iterable[cst.CSTNode]:
    for up in ancestors(site.call, site.place.parents):
        if up is site.function:
            return
        yield up


def _without_unused_time(module: cst.Module) -> cst.Module:
    """Drop ``import time`` when nothing reads it any more."""
    read = [node for node in nodes_of(module, cst.Attribute) if dotted_name(node.value) == "time"]
    if read:
        return module
    lines: dict[cst.CSTNode, Change] = {}
    for line in module.body:
        node = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
        if isinstance(node, cst.Import) and [dotted_name(alias.name) for alias in node.names] == ["time"]:
            lines[line] = cst.RemovalSentinel.REMOVE
    return replace_nodes(module, lines)


def _plan(summary: str, text: str, edits: Sequence[FileEdit], proof: Proof) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary=summary,
        explanation=text,
        risk=Risk.LOW,
        proof=proof,
        undo="The edited files get their text from before back.",
        edits=tuple(edits),
    )
