"""A program that lets the application issue a token with a number as its subject, and read it again."""

import json
from collections.abc import Iterator, Sequence

import libcst as cst

from naosu.fixers.jwt_calls import JwtCall
from naosu.fixers.places import Place
from naosu.fixers.stand_ins import STAND_INS, literals_of
from naosu.ports.fixer import SourceTree

_PROGRAM = r"""
LITERALS, ISSUE = json.loads(%(literals)r), json.loads(%(issue)r)
READ, BAD = json.loads(%(read)r), re.compile(%(bad)r)


def parameters_of(owner, site):
    function = inspect.unwrap(getattr(owner, site["function"]))
    return function, [one for one in inspect.signature(function).parameters.values() if one.kind not in (2, 4)]


def issued(site):
    module, owner = owner_of(site)
    function, parameters = parameters_of(owner, site)
    for values in combinations(parameters):
        if time.monotonic() > END:
            return
        try:
            answer = run(module, function, values)
        except BaseException:
            continue
        text = answer.decode() if isinstance(answer, bytes) else json.dumps(answer, default=str)
        found = re.findall(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]+", text)
        if found:
            yield from found
            return


def readings(site, token):
    module, owner = owner_of(site)
    function, parameters = parameters_of(owner, site)
    bearer = types.SimpleNamespace(credentials=token, scheme="Bearer")
    for first in (token, bearer):
        rest = [choices(one, "naosu", "naosu", 1)[0] for one in parameters[1:]]
        try:
            values = [first, *rest][: len(parameters)]
            yield run(module, function, values, {"token": token}, {"Authorization": f"Bearer {token}"})
        except BaseException as error:
            yield error


def main():
    tokens = [token for site in ISSUE for token in issued(site)]
    said = [answer for site in READ for token in tokens for answer in readings(site, token)]
    bad = [str(answer) for answer in said if BAD.search(repr(answer))]
    read = [answer for answer in said if not isinstance(answer, BaseException)]
    if not bad and not read:
        raise SystemExit("cannot tell")
    print(json.dumps({"ok": not bad, "detail": bad[0] if bad else "a token that was issued was read"}))


main()
"""


def round_trip(
    source: SourceTree, issuing: Sequence[tuple[Place, cst.CSTNode]], reading: Sequence[JwtCall], bad: str
) -> str:
    """Return the program; it is content when a token is read, and none is refused as the pattern says.

    Args:
        source: The application.
        issuing: What must run to issue a token.
        reading: What reads one.
        bad: Pattern of how the fault shows itself.
    """
    issue = list(_sites(source, issuing))
    read = list(_sites(source, [(one.place, one.call) for one in reading]))
    if not issue or not read:
        return ""
    literals = literals_of({id(place.module): place.module for place, _ in issuing}.values())
    texts = {"issue": json.dumps(issue), "read": json.dumps(read), "literals": json.dumps(literals)}
    return STAND_INS + _PROGRAM % {**texts, "bad": bad}


def _sites(source: SourceTree, nodes: Sequence[tuple[Place, cst.CSTNode]]) -> Iterator[dict[str, str]]:
    for place, node in nodes:
        function = place.within(node, cst.FunctionDef)
        if function is None or place.within(function, cst.FunctionDef) is not None:
            continue
        owner = place.within(function, cst.ClassDef)
        yield {
            "module": source.dotted(place.path),
            "owner": owner.name.value if owner else "",
            "function": function.name.value,
        }
