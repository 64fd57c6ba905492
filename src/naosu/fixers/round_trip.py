"""A program that lets the application issue a token with a number as its subject, and read it again."""

import json
from collections.abc import Sequence

import libcst as cst

from naosu.fixers.jwt_calls import JwtCall
from naosu.ports.fixer import SourceTree

_PROGRAM = r"""
import asyncio, importlib, inspect, json, re, types

ISSUE, READ, BAD = json.loads(%(issue)r), json.loads(%(read)r), re.compile(%(bad)r)


class Anything:
    id = user_id = pk = 7
    email, username, name, role, scopes = "naosu@example.com", "naosu", "naosu", "naosu", []

    def __getitem__(self, name):
        return getattr(self, name)


def values(parameter):
    kind = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    if parameter.default is not parameter.empty:
        return [parameter.default]
    known = {"int": [7], "str": ["7"], "dict": [{"sub": 7}, {"sub": "7"}]}
    return known.get(kind, [7, Anything(), {"sub": 7, "id": 7}, {"sub": "7", "id": 7}, "7"])


def answers(site, tokens=()):
    module = importlib.import_module(site["module"])
    owner = getattr(module, site["owner"]) if site["owner"] else module
    if site["owner"]:
        made = [one for one in vars(module).values() if isinstance(one, owner)]
        owner = made[0] if made else owner()
    function = inspect.unwrap(getattr(owner, site["function"]))
    first, *rest = list(inspect.signature(function).parameters.values()) or [None]
    if first is None:
        return
    credentials = [types.SimpleNamespace(credentials=token, scheme="Bearer") for token in tokens]
    for value in (*tokens, *credentials) if tokens else values(first):
        try:
            named = {one.name: values(one)[0] for one in rest if one.kind not in (2, 4)}
            answer = function(value, **named)
            yield asyncio.run(answer) if inspect.isawaitable(answer) else answer
        except BaseException as error:
            yield error


def main():
    tokens = []
    for site in ISSUE:
        for answer in answers(site):
            text = answer.decode() if isinstance(answer, bytes) else answer
            found = re.findall(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]+", json.dumps(text, default=str))
            tokens += found
    said = [answer for site in READ if tokens for answer in answers(site, tokens[:3])]
    bad = [str(answer) for answer in said if BAD.search(repr(answer))]
    read = [answer for answer in said if not isinstance(answer, BaseException)]
    if not bad and not read:
        raise SystemExit("cannot tell")
    print(json.dumps({"ok": not bad, "detail": bad[0] if bad else "a token that was issued was read"}))


main()
"""


def round_trip(source: SourceTree, issuing: Sequence[JwtCall], reading: Sequence[JwtCall], bad: str) -> str:
    """Return the program; it is content when a token is read, and none is refused as the pattern says."""
    issue, read = (json.dumps(list(_sites(source, calls))) for calls in (issuing, reading))
    return _PROGRAM % {"issue": issue, "read": read, "bad": bad} if issuing and reading else ""


def _sites(source: SourceTree, calls: Sequence[JwtCall]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for one in calls:
        function = one.place.within(one.call, cst.FunctionDef)
        if function is None or one.place.within(function, cst.FunctionDef) is not None:
            continue
        owner = one.place.within(function, cst.ClassDef)
        found.append(
            {
                "module": source.dotted(one.place.path),
                "owner": owner.name.value if owner else "",
                "function": function.name.value,
            }
        )
    return found
