"""A program that calls functions of the application with made-up values, and says whether they fail as they did."""

import json
from collections.abc import Iterable

import libcst as cst

from naosu.fixers.places import Place
from naosu.ports.fixer import SourceTree

_PROGRAM = r"""
import asyncio, importlib, inspect, itertools, json, re, types

SITES = json.loads(%(sites)r)
BAD = re.compile(%(bad)r)
TEXT, CLAIMS = "naosu", {"sub": "naosu", "id": 1, "user_id": 1, "username": "naosu", "email": "naosu@example.com"}
STAND_IN = types.SimpleNamespace(**CLAIMS, name="naosu", role="naosu", hashed_password="naosu", password="naosu")


def values(parameter):
    kind = parameter.annotation
    kind = getattr(kind, "__name__", str(kind))
    known = {"str": [TEXT], "int": [1], "dict": [CLAIMS], "bytes": [b"naosu"], "bool": [True], "float": [1.0]}
    if parameter.default is not parameter.empty and kind not in known:
        return [parameter.default]
    wanted = "int" if re.search(r"(^|_)id$|minutes|seconds", parameter.name) else "str"
    return known.get(kind, [*known[wanted], STAND_IN, CLAIMS, TEXT, 1])


def target(site):
    module = importlib.import_module(site["module"])
    if not site["owner"]:
        return getattr(module, site["function"])
    owner = getattr(module, site["owner"])
    made = [one for one in vars(module).values() if isinstance(one, owner)]
    return getattr(made[0] if made else owner(), site["function"])


def call(function):
    function = inspect.unwrap(function)
    parameters = [one for one in inspect.signature(function).parameters.values() if one.kind not in (2, 4)]
    outcome = "nothing could be called"
    for chosen in itertools.islice(itertools.product(*map(values, parameters)), 60):
        positional = [value for one, value in zip(parameters, chosen) if one.kind in (0, 1)]
        named = {one.name: value for one, value in zip(parameters, chosen) if one.kind == 3}
        try:
            answer = function(*positional, **named)
            if inspect.isawaitable(answer):
                asyncio.run(answer)
            return "returned"
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}"
            if BAD.search(outcome):
                return outcome
    return outcome


def main():
    said = {}
    for site in SITES:
        name = ".".join(part for part in (site["module"], site["owner"], site["function"]) if part)
        try:
            said[name] = call(target(site))
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
    return _PROGRAM % {"sites": json.dumps(listed), "bad": bad}
