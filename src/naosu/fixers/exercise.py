"""A program that calls functions of the application with made-up values, and says whether they fail as they did."""

import json
from collections.abc import Iterable

import libcst as cst

from naosu.fixers.places import Place
from naosu.fixers.stand_ins import STAND_INS, literals_of
from naosu.ports.fixer import SourceTree

_PROGRAM = r"""
LITERALS, SITES, BAD = json.loads(%(literals)r), json.loads(%(sites)r), re.compile(%(bad)r)


def call(site):
    module, owner = owner_of(site)
    function = inspect.unwrap(getattr(owner, site["function"]))
    parameters = [one for one in inspect.signature(function).parameters.values() if one.kind not in (2, 4)]
    outcome = "nothing could be called"
    for values in combinations(parameters):
        try:
            run(module, function, values)
            return "returned"
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}"
            if BAD.search(outcome) or time.monotonic() > END:
                return outcome
    return outcome


def main():
    said = {}
    for site in SITES:
        name = ".".join(part for part in (site["module"], site["owner"], site["function"]) if part)
        try:
            said[name] = call(site)
        except BaseException as error:
            said[name] = f"{type(error).__name__}: {error}"
    bad = any(BAD.search(one) for one in said.values())
    if not bad and "returned" not in said.values():
        raise SystemExit(f"cannot tell: {said}")
    print(json.dumps({"ok": not bad, "detail": "; ".join(f"{name}: {one}" for name, one in said.items())[:500]}))


main()
"""


def exercise(source: SourceTree, sites: Iterable[tuple[Place, cst.CSTNode]], bad: str) -> str:
    """Return the program for the functions that hold some nodes: content when one returns and none fails so.

    Args:
        source: The application.
        sites: What must run.
        bad: Pattern of ``Class: message`` of the fault.
    """
    found: dict[tuple[str, str, str], None] = {}
    for place, node in sites:
        function = node if isinstance(node, cst.FunctionDef) else place.within(node, cst.FunctionDef)
        if function is None or place.within(function, cst.FunctionDef) is not None:
            continue
        owner = place.within(function, cst.ClassDef)
        found[source.dotted(place.path), owner.name.value if owner else "", function.name.value] = None
    if not found:
        return ""
    listed = [{"module": module, "owner": owner, "function": function} for module, owner, function in found]
    paths = [path for one in listed if (path := source.find_module(one["module"]))]
    literals = json.dumps(literals_of(module for path in paths if (module := source.module(path))))
    return STAND_INS + _PROGRAM % {"sites": json.dumps(listed), "bad": bad, "literals": literals}
