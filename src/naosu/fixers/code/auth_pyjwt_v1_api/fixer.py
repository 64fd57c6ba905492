"""Calls written for PyJWT 1: ``encode`` returned bytes, ``decode`` did not ask for algorithms."""

import re
from collections.abc import Iterable, Iterator
from functools import partial

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.database.symbols import definition
from naosu.fixers.editing import ancestors, argument, dotted_name, nodes_of, with_argument, without_argument
from naosu.fixers.edits import Edits
from naosu.fixers.exercise import exercise
from naosu.fixers.jwt_calls import DECODE, ENCODE, Flow, JwtCall, jwt_calls, string_key
from naosu.fixers.jwt_guard import guard, unguarded
from naosu.fixers.places import Place
from naosu.fixers.signs import crashes_with, told
from naosu.ports.fixer import Workplace

NO_DECODE = r"'str' object has no attribute 'decode'|decoding str is not supported"
NO_ALGORITHMS = r'pass in a value for the "algorithms" argument|decode\(\) got an unexpected keyword argument'


class PyjwtV1Api:
    """Uses tokens as PyJWT 2 gives them, and names the algorithms that it wants named."""

    name = "auth_pyjwt_v1_api"
    category = Category.AUTH

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield calls that only PyJWT 1 answered as the code expects."""
        crashes = [
            *crashes_with(work, NO_DECODE, "AttributeError", "TypeError"),
            *crashes_with(work, NO_ALGORITHMS, "DecodeError", "TypeError"),
        ]
        if not crashes:
            return
        decodings = list(_decodings(work))
        unnamed = [
            one for one in jwt_calls(work.source, DECODE) if one.library == "jwt" and _lacks_algorithms(one.call)
        ]
        explained = tuple(c for c in crashes if _explains(c, [(p, n) for p, n, _ in decodings], unnamed))
        if not explained:
            return
        script = exercise(work.source, [(place, call) for place, call, _ in decodings], NO_DECODE)
        plans = [_plan(_edits(work, decodings, unnamed), script)]
        if unnamed:  # they never read a token: what is wrong with it nobody has seen yet
            plans.append(_plan(_edits(work, decodings, unnamed, guarded=True), script))
        lines = dict.fromkeys(line for crash in explained for line in told(crash))
        facts = [place.line_of(node) for place, node, _ in decodings] + [one.place.line_of(one.call) for one in unnamed]
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.97,
                evidence=(*lines, *dict.fromkeys(facts)),
                cause="The code is written for PyJWT 1: since 2, encode() returns text, and decode() wants algorithms.",
                risk=Risk.LOW,
            ),
            plans=tuple(plans),
            crashes=explained,
        )


def _decodings(work: Workplace) -> Iterator[tuple[Place, cst.Call, cst.BaseExpression]]:
    """Yield the calls that make text of a token, with the token."""
    flow = Flow(work.source, jwt_calls(work.source, ENCODE))
    for place in flow.places:
        for call in nodes_of(place.module, cst.Call):
            token = _decoded(call)
            if token is not None and flow.holds(place, token) and not _is_guarded(place, call):
                yield place, call, token


def _decoded(call: cst.Call) -> cst.BaseExpression | None:
    if isinstance(call.func, cst.Attribute) and call.func.attr.value == "decode":
        return call.func.value
    if dotted_name(call.func) == "str" and len(call.args) > 1:
        return call.args[0].value
    return None


def _is_guarded(place: Place, call: cst.Call) -> bool:
    """Tell whether it asks first whether there are bytes."""
    for up in ancestors(call, place.parents):
        if isinstance(up, cst.IfExp | cst.If) and re.search(r"\bbytes\b|hasattr", place.module.code_for_node(up.test)):
            return True
        if isinstance(up, cst.Try) and any("AttributeError" in place.module.code_for_node(h) for h in up.handlers):
            return True
    return False


def _lacks_algorithms(call: cst.Call) -> bool:
    if any(arg.star for arg in call.args) or argument(call, "algorithms", 2):
        return False
    options = argument(call, "options")
    return options is None or not re.search(r"verify_signature.{1,4}False", cst.Module([]).code_for_node(options))


def _explains(crash: Crash, decodings: list[tuple[Place, cst.Call]], unnamed: list[JwtCall]) -> bool:
    found = [*decodings, *((one.place, one.call) for one in unnamed)]
    return any(
        place.path == frame.source_path and place.lines(node)[0] <= frame.line <= place.lines(node)[1]
        for frame in crash.last.frames[::-1]
        if frame.source_path
        for place, node in found
    )


def _edits(
    work: Workplace,
    decodings: list[tuple[Place, cst.Call, cst.BaseExpression]],
    unnamed: list[JwtCall],
    *,
    guarded: bool = False,
) -> list[Edits]:
    by_path: dict[str, Edits] = {}
    for place, call, _ in decodings:
        edits = by_path.setdefault(place.path, Edits(place.path, place.module))
        edits.change(call, _token_of)
    for one in unnamed:
        edits = by_path.setdefault(one.place.path, Edits(one.place.path, one.place.module))
        code = _algorithm(work, one)
        edits.change(one.call, partial(_with_algorithms, code=code))
    if guarded:
        for edits in by_path.values():
            for line in unguarded(work, unnamed, edits.path):
                guard(work, edits, next(one.place for one in unnamed if one.place.path == edits.path), line, "jwt")
    return [edits for edits in by_path.values() if edits]


def _token_of(node: cst.Call) -> cst.BaseExpression:
    token = _decoded(node)
    return token if token is not None else node


def _algorithm(work: Workplace, decode: JwtCall) -> str:
    """Return the code of the algorithm with which the tokens are signed; HS256 where nothing says so."""
    for one in jwt_calls(work.source, ENCODE):
        arg = argument(one.call, "algorithm", 2)
        if arg is None:
            continue
        if string_key(arg.value):
            return one.place.module.code_for_node(arg.value)
        name = dotted_name(arg.value)
        mine, theirs = (definition(work.source, path, name) for path in (decode.place.path, one.place.path))
        if name and mine is not None and mine == theirs:
            return name
    return '"HS256"'


def _with_algorithms(node: cst.Call, code: str) -> cst.Call:
    if (single := argument(node, "algorithm")) is not None:
        code = cst.Module([]).code_for_node(single.value)
        node = without_argument(node, single)
    if (verify := argument(node, "verify")) is not None:
        node = without_argument(node, verify)
        if dotted_name(verify.value) == "False":
            return with_argument(node, "options", cst.parse_expression('{"verify_signature": False}'))
    return with_argument(node, "algorithms", cst.parse_expression(f"[{code}]"))


def _plan(edits: list[Edits], script: str) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Use tokens as PyJWT 2 gives them",
        explanation="jwt.encode() returns str since PyJWT 2, so there is nothing to decode.",
        risk=Risk.LOW,
        proof=Proof(
            text="The request that failed is answered, and nothing decodes text any more.",
            gone=(NO_DECODE, NO_ALGORITHMS),
            script=script,
        ),
        undo="The edited files get their text from before back.",
        edits=tuple(one.file_edit() for one in edits),
    )
