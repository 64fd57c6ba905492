"""``Prefix and path cannot be both empty``: the route gets a slash, or the router the prefix that the requests show."""

import re
from collections.abc import Iterable, Iterator

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.editing import argument, nodes_of, replace_nodes, with_argument
from naosu.fixers.endpoints import endpoints
from naosu.fixers.places import Place, code_of, frame_places
from naosu.fixers.signs import crashes_with, told
from naosu.ports.fixer import Workplace

SIGN = r"Prefix and path cannot be both empty"
_OPERATION = re.compile(r"path operation: (\w+)")


class EmptyRoutePath:
    """Recognises a router that is included without a prefix, and holds a route with an empty path."""

    name = "response_empty_route_path"
    category = Category.RESPONSE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding with two plans: a slash, and a prefix; the one that the requests speak for comes first."""
        crashes = crashes_with(work, SIGN)
        if not crashes:
            return
        slashed, prefixed = list(_slashed(work, crashes[0])), list(_prefixed(work, crashes[0]))
        plans = [_plan(prefixed, "Include the router under its own prefix")] if prefixed else []
        plans += [_plan(slashed, "Give the route the path of its router's root")] if slashed else []
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.88 if plans else 0.6,
                evidence=tuple(line for crash in crashes for line in told(crash)),
                cause="A route has an empty path, and its router is included without a prefix.",
                risk=Risk.LOW,
                options=("Include the router with a prefix, or give the route the path /.",),
            ),
            plans=tuple(plans),
            crashes=crashes,
        )


def _plan(edits: list[FileEdit], summary: str) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary=summary,
        explanation="FastAPI wants a path, or a prefix, of every route.",
        risk=Risk.LOW,
        proof=Proof(text="The application starts, and what it answered it answers.", gone=(SIGN,)),
        undo="Revert the commit.",
        edits=tuple(edits),
    )


def _slashed(work: Workplace, crash: Crash) -> Iterator[FileEdit]:
    named = _OPERATION.search(crash.last.message)
    found = [one for one in endpoints(work.source) if one.path == ""]
    mine = [one for one in found if named and one.function.name.value == named[1]] or (found if len(found) == 1 else [])
    for path in sorted({one.place.path for one in mine}):
        here = [one for one in mine if one.place.path == path]
        changes: dict[cst.CSTNode, cst.CSTNode] = {
            arg.value: cst.SimpleString('"/"')
            for one in here
            if (arg := argument(one.decorator, "path", 0)) is not None
        }
        module = here[0].place.module
        yield FileEdit(path=path, before=module.code, after=replace_nodes(module, changes).code)


def _prefixed(work: Workplace, crash: Crash) -> Iterator[FileEdit]:
    """Use the module's name as prefix, as far as the requests or the other routers of the file do so as well."""
    for place, frame in frame_places(work.source, crash.own_frames):
        call = next((one for one in place.at(frame.line, cst.Call) if _includes(one)), None)
        if call is None or argument(call, "prefix") is not None:
            continue
        stem = _stem(work, place, call)
        others = [one for one in nodes_of(place.module, cst.Call) if _includes(one) and one is not call]
        habit = bool(others) and all(argument(one, "prefix") is not None for one in others)
        asked = any(request.path.partition("?")[0].startswith(f"/{stem}") for request in work.given.requests)
        if stem and (habit or asked):
            new = with_argument(call, "prefix", cst.SimpleString(f'"/{stem}"'))
            after = replace_nodes(place.module, {call: new}).code
            yield FileEdit(path=place.path, before=place.module.code, after=after)
        return


def _includes(call: cst.Call) -> bool:
    return code_of(call.func).endswith(".include_router") and bool(call.args)


def _stem(work: Workplace, place: Place, call: cst.Call) -> str:
    """Return the name of the module that the router is from: ``items.router`` → ``items``."""
    parts = code_of(call.args[0].value).split(".")
    if len(parts) > 1:
        return parts[-2]
    for node in nodes_of(place.module, cst.ImportFrom):
        if isinstance(node.names, cst.ImportStar):
            continue
        for alias in node.names:
            local = code_of(alias.asname.name) if alias.asname else code_of(alias.name)
            if local == parts[0] and node.module is not None:
                return code_of(node.module).rpartition(".")[2]
    return ""
