"""Tokens whose subject is a number: PyJWT refuses them since 2.10, and python-jose always did."""

from collections.abc import Iterable, Iterator, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.auth_jwt_subject_not_string.reads import Read, in_int, reads_of
from naosu.fixers.editing import argument, dotted_name, enclosing_function, nodes_of, with_argument
from naosu.fixers.edits import Edits
from naosu.fixers.jwt_calls import DECODE, ENCODE, Flow, JwtCall, issued_claims, jwt_calls, string_key
from naosu.fixers.places import Place
from naosu.fixers.pydantic_models import fields_of, pydantic_models
from naosu.fixers.round_trip import round_trip
from naosu.fixers.signs import crashes_with, told
from naosu.ports.fixer import Workplace

PHRASE = r"[Ss]ubject must be a string"
CLAIM = "sub"
_TEXTS = frozenset({"str", "format", "hex", "join", "lower", "upper", "strip", "isoformat"})


class JwtSubjectNotString:
    """Writes the subject as text when a token is issued, and reads it back as the number that it was."""

    name = "auth_jwt_subject_not_string"
    category = Category.AUTH

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield subjects that are issued as something else than text."""
        crashes = crashes_with(work, PHRASE, "InvalidSubjectError", "JWTClaimsError")
        if not crashes:
            return
        issued = list(_issued(work))
        plans = tuple(_plans(work, issued))
        lines = dict.fromkeys(line for crash in crashes for line in told(crash))
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if issued else 0.8,
                evidence=(*lines, *(place.line_of(value) for place, value in issued)),
                cause="Tokens are issued with a subject that is no string, and reading them refuses that (RFC 7519).",
                risk=Risk.MEDIUM,
                options=(
                    "Tokens issued before stay refused: their users sign in again.",
                    "While old tokens live, reading with verify_sub off accepts both.",
                ),
            ),
            plans=plans,
            crashes=crashes,
        )


def _issued(work: Workplace) -> Iterator[tuple[Place, cst.BaseExpression]]:
    """Yield the values that tokens get as their subject, and that are not text already."""
    signing = jwt_calls(work.source, ENCODE)
    for one in signing:
        elements = issued_claims(one.place, one.call) or []
        yield from (
            (one.place, e.value) for e in elements if string_key(e.key) == CLAIM and not _is_text(one.place, e.value)
        )
        for assign in _assigned(one.place, one.call):
            if not _is_text(one.place, assign):
                yield one.place, assign
    for place, value in _passed_on(work, signing):
        if not _is_text(place, value):
            yield place, value


def _assigned(place: Place, call: cst.Call) -> Iterator[cst.BaseExpression]:
    """Yield what is put under ``claims["sub"]``, or given as ``claims.update(sub=…)``, in the function of a call."""
    function = enclosing_function(call, place.parents) or place.module
    for assign in nodes_of(function, cst.Assign):
        target = assign.targets[0].target
        if isinstance(target, cst.Subscript) and _key(target) == CLAIM:
            yield assign.value
    for other in nodes_of(function, cst.Call):
        if dotted_name(other.func).endswith(".update") or dotted_name(other.func) == "dict":
            if (arg := argument(other, CLAIM)) is not None:
                yield arg.value
            for one in other.args:
                if isinstance(one.value, cst.Dict):
                    yield from _of_dict(one.value)


def _passed_on(work: Workplace, signing: Sequence[JwtCall]) -> Iterator[tuple[Place, cst.BaseExpression]]:
    """Yield subjects in claims that are handed to the function that signs: ``create_token({"sub": user.id})``."""
    written = [issued_claims(one.place, one.call) for one in signing]
    if any(claims is not None and any(string_key(e.key) == CLAIM for e in claims) for claims in written):
        return
    flow = Flow(work.source, signing)
    for place in flow.places:
        for call in nodes_of(place.module, cst.Call):
            if any(call is one.call for one in signing) or not flow.holds(place, call):
                continue
            if (named := argument(call, CLAIM)) is not None:
                yield place, named.value
            for arg in call.args:
                if isinstance(arg.value, cst.Dict):
                    yield from ((place, value) for value in _of_dict(arg.value))


def _of_dict(node: cst.Dict) -> Iterator[cst.BaseExpression]:
    for element in node.elements:
        if isinstance(element, cst.DictElement) and string_key(element.key) == CLAIM:
            yield element.value


def _key(node: cst.Subscript) -> str:
    index = node.slice[0].slice
    return string_key(index.value) if isinstance(index, cst.Index) else ""


def _is_text(place: Place, value: cst.BaseExpression) -> bool:
    if isinstance(value, cst.SimpleString | cst.FormattedString | cst.ConcatenatedString):
        return True
    if isinstance(value, cst.Call):
        return dotted_name(value.func).rpartition(".")[2] in _TEXTS or (
            isinstance(value.func, cst.Attribute) and value.func.attr.value in _TEXTS
        )
    return isinstance(value, cst.Name) and _annotation(place, value) == "str"


def _annotation(place: Place, name: cst.Name) -> str:
    function = enclosing_function(name, place.parents)
    if not isinstance(function, cst.FunctionDef):
        return ""
    for param in (*function.params.params, *function.params.kwonly_params):
        if param.name.value == name.value and param.annotation is not None:
            return dotted_name(param.annotation.annotation)
    return ""


def _plans(work: Workplace, issued: Sequence[tuple[Place, cst.BaseExpression]]) -> Iterator[Plan]:
    reading = jwt_calls(work.source, DECODE)
    reads = reads_of(work.source, reading, CLAIM)
    proof = Proof(
        text="A token that is issued is read, and the request that failed is answered.",
        gone=(PHRASE,),
        script=round_trip(work.source, issued, reading, PHRASE),
    )
    undo = "The edited files get their text from before back; tokens issued in between are refused again."
    if issued:
        yield Plan(
            kind=PlanKind.CODE,
            summary="Write the subject of tokens as text",
            explanation="RFC 7519 wants `sub` to be a string; what reads it makes a number of it again.",
            risk=Risk.MEDIUM,
            proof=proof,
            undo=undo,
            edits=_both_sides(issued, [] if _read_by_model(work) else reads),
        )
    lenient = _lenient([one for one in reading if one.library == "jwt"])
    if issued and lenient:
        yield Plan(
            kind=PlanKind.CODE,
            summary="Read tokens whose subject is a number",
            explanation="Tokens of both kinds are read while old ones live; nothing else of the check is left out.",
            risk=Risk.MEDIUM,
            proof=proof,
            undo=undo,
            edits=lenient,
        )


def _read_by_model(work: Workplace) -> bool:
    """Tell whether a model of the application makes a number of the subject itself: ``sub: int``."""
    return any(
        name == CLAIM and "int" in cst.Module([]).code_for_node(field.annotation)
        for model in pydantic_models(work.source)
        for name, field in fields_of(model.node)
    )


def _both_sides(issued: Sequence[tuple[Place, cst.BaseExpression]], reads: Sequence[Read]) -> tuple[FileEdit, ...]:
    files: dict[str, Edits] = {}
    for place, value in issued:
        files.setdefault(place.path, Edits(place.path, place.module)).change(value, _in_str)
    for read in reads:
        in_int(files.setdefault(read.place.path, Edits(read.place.path, read.place.module)), read)
    return tuple(edits.file_edit() for edits in files.values() if edits)


def _in_str(node: cst.BaseExpression) -> cst.BaseExpression:
    return cst.Call(func=cst.Name("str"), args=[cst.Arg(node)])


def _lenient(reading: Sequence[JwtCall]) -> tuple[FileEdit, ...]:
    files: dict[str, Edits] = {}
    value = cst.parse_expression('{"verify_sub": False}')
    for one in reading:
        if argument(one.call, "options") is None:
            edits = files.setdefault(one.place.path, Edits(one.place.path, one.place.module))
            edits.change(one.call, lambda node: with_argument(node, "options", value))
    return tuple(edits.file_edit() for edits in files.values())
