"""A handler takes the second part of an error's place, and some places have only one."""

import re
from collections.abc import Iterable, Iterator

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.editing import ancestors, nodes_of
from naosu.fixers.edits import Edits, Step
from naosu.fixers.error_lists import encode, error_lists
from naosu.fixers.jwt_calls import subscript_key
from naosu.fixers.places import Place, frame_places
from naosu.fixers.signs import crashes_with, told
from naosu.ports.fixer import Workplace

PHRASE = r"tuple index out of range|list index out of range|not enough values to unpack|too many values to unpack"


class ValidationErrorLocation:
    """Takes the part of the place that there is."""

    name = "validation_error_location"
    category = Category.VALIDATION

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield handlers of validation errors that fail on short places."""
        crashes: list[Crash] = []
        functions: dict[int, tuple[Place, cst.FunctionDef]] = {}
        for crash in crashes_with(work, PHRASE, "IndexError", "ValueError"):
            for place, frame in list(frame_places(work.source, crash.last.frames))[:2]:
                function = place.function_at(frame.line)
                if function is not None and _reads_place(place, function) and _takers(place, function):
                    functions[id(function)] = (place, function)
                    crashes.append(crash)
                    break
        if not crashes:
            return
        lines = dict.fromkeys(line for crash in crashes for line in told(crash))
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.93,
                evidence=tuple(lines),
                cause='A missing or malformed body has the place ("body",), of one part; the handler takes a second.',
                risk=Risk.LOW,
            ),
            plans=tuple(_plans(work, functions.values())),
            crashes=tuple(crashes),
        )


def _reads_place(place: Place, function: cst.FunctionDef) -> bool:
    code = place.module.code_for_node(function)
    return "loc" in code and (bool(error_lists(function)) or bool(re.search(r"""["']loc["']|\.loc\b""", code)))


def _takers(place: Place, function: cst.FunctionDef) -> list[tuple[cst.Subscript, int]]:
    """Return the subscripts of a place with a fixed number beyond the first, that nothing guards."""
    named = _names_of_places(place, function)
    return [
        (node, index)
        for node in nodes_of(function, cst.Subscript)
        if (index := _number(node)) is not None
        and (index > 0 or index < -1)
        and _is_place(place, node.value, named)
        and not _is_guarded(place, node)
    ]


def _names_of_places(place: Place, function: cst.FunctionDef) -> set[str]:
    found: set[str] = set()
    for assign in nodes_of(function, cst.Assign):
        target = assign.targets[0].target
        if isinstance(target, cst.Name) and _is_place(place, assign.value, found):
            found.add(target.value)
    return found


def _is_place(place: Place, node: cst.BaseExpression, named: set[str]) -> bool:
    if isinstance(node, cst.Name):
        return node.value in named or node.value in {"loc", "location"}
    if isinstance(node, cst.Subscript):
        return subscript_key(node) == "loc"
    if isinstance(node, cst.Attribute):
        return node.attr.value == "loc"
    if isinstance(node, cst.Call):
        code = place.module.code_for_node(node)
        return bool(re.search(r"""\.get\(["']loc["']""", code)) or bool(
            re.match(r"(?:list|tuple)\(", code) and node.args and _is_place(place, node.args[0].value, named)
        )
    return False


def _number(node: cst.Subscript) -> int | None:
    index = node.slice[0].slice if len(node.slice) == 1 else None
    value = index.value if isinstance(index, cst.Index) else None
    sign = 1
    if isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Minus):
        value, sign = value.expression, -1
    return sign * value.evaluated_value if isinstance(value, cst.Integer) else None


def _is_guarded(place: Place, node: cst.CSTNode) -> bool:
    for up in ancestors(node, place.parents):
        if isinstance(up, cst.FunctionDef):
            return False
        if isinstance(up, cst.IfExp | cst.If) and "len(" in place.module.code_for_node(up.test):
            return True
        if isinstance(up, cst.Try) and "IndexError" in "".join(place.module.code_for_node(h) for h in up.handlers):
            return True
    return False


def _plans(work: Workplace, functions: Iterable[tuple[Place, cst.FunctionDef]]) -> Iterator[Plan]:
    """Yield both at once first: what the handler goes on to write would fail next, on a body of bytes."""
    functions = list(functions)
    both, alone = (tuple(_edits(work, functions, encoded=encoded)) for encoded in (True, False))
    for edits in (both, alone) if both != alone else (alone,):
        yield Plan(
            kind=PlanKind.CODE,
            summary="Take the part of an error's place that there is",
            explanation='An error of the whole body has the place ("body",): there is no field to name.',
            risk=Risk.LOW,
            proof=Proof(text="A missing or malformed body is refused with the handler's own status.", gone=(PHRASE,)),
            undo="The edited files get their text from before back.",
            edits=edits,
        )


def _edits(work: Workplace, functions: Iterable[tuple[Place, cst.FunctionDef]], *, encoded: bool) -> Iterator[FileEdit]:
    files: dict[str, Edits] = {}
    for place, function in functions:
        edits = files.setdefault(place.path, Edits(place.path, place.module))
        for node, index in _takers(place, function):
            edits.change(node, _guarded(place, node, index))
        if encoded:
            encode(work, edits, place, function)
    yield from (edits.file_edit() for edits in files.values() if edits)


def _guarded(place: Place, node: cst.Subscript, index: int) -> Step:
    value = place.module.code_for_node(node.value)
    enough = f"> {index}" if index >= 0 else f">= {-index}"
    code = f"{place.module.code_for_node(node)} if len({value}) {enough} else {value}[-1]"
    above = place.parents.get(node)
    is_bare = isinstance(above, cst.Assign | cst.AnnAssign | cst.Return | cst.Arg)
    return lambda _: cst.parse_expression(code if is_bare else f"({code})")
