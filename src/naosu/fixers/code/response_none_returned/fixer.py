"""``No response returned.``: the error that was swallowed goes on, the answer that was forgotten is returned."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.call_next import passings
from naosu.fixers.editing import nodes_of, replace_nodes
from naosu.fixers.places import Place, places_with, statements
from naosu.fixers.signs import answered, crashes_with, failed_requests, told
from naosu.ports.fixer import Workplace


class NoneReturned:
    """Recognises middleware that swallows an error without an answer, or that forgets to return the answer."""

    name = "response_none_returned"
    category = Category.RESPONSE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield a finding for swallowed errors, and one for forgotten answers."""
        for kind in _KINDS:
            crashes = crashes_with(work, kind.sign, kind.exception)
            if kind is _FORGOTTEN:
                crashes = tuple(crash for crash in crashes if _in_middleware(crash))
            found = [(place, kind.changes(place)) for place in places_with(work.source, "await ")] if crashes else []
            edits = tuple(_edit(place, changes) for place, changes in found if changes)
            if edits or (crashes and kind is _SWALLOWED):
                yield _finding(self, work, kind, crashes, edits)


def _in_middleware(crash: Crash) -> bool:
    """Tell whether the last frame is where Starlette sends what a middleware returned."""
    frames = crash.last.frames
    return bool(frames) and frames[-1].path.endswith("starlette/middleware/base.py")


def _raising(place: Place) -> dict[cst.CSTNode, cst.CSTNode]:
    """Return what makes ``__call__`` of ASGI middleware raise again what it catches around the application."""
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    for function in nodes_of(place.module, cst.FunctionDef):
        names = [param.name.value for param in function.params.params][-3:]
        if function.asynchronous is None or len(names) != len(_ASGI):
            continue
        for block in nodes_of(function.body, cst.Try):
            if not any(_passes_on(call, names) for call in nodes_of(block.body, cst.Call)):
                continue
            for handler in block.handlers:
                if isinstance(handler.body, cst.IndentedBlock) and not _answers(handler, names):
                    body = [one for one in handler.body.body if not _is_pass(one)]
                    new = handler.body.with_changes(body=[*body, *statements("raise\n", place.module)])
                    changes[handler] = handler.with_changes(body=new)
    return changes


_ASGI = ("scope", "receive", "send")


def _passes_on(call: cst.Call, names: list[str]) -> bool:
    values = [arg.value.value for arg in call.args if isinstance(arg.value, cst.Name)]
    return len(values) == len(_ASGI) and values[:2] == names[:2]


def _answers(handler: cst.ExceptHandler, names: list[str]) -> bool:
    """Tell whether a handler raises, returns, or sends something."""
    if nodes_of(handler.body, cst.Raise):
        return True
    return any(name.value in names[2:] for name in nodes_of(handler.body, cst.Name))


def _is_pass(node: cst.BaseStatement) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], cst.Pass)


def _returning(place: Place) -> dict[cst.CSTNode, cst.CSTNode]:
    """Return what makes functions return the answer that they hold at their end."""
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    for passing in passings(place):
        body = passing.function.body
        last = body.body[-1]
        is_left = isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return | cst.Raise)
        if not isinstance(body, cst.IndentedBlock) or is_left or passing.assign not in body.body:
            continue
        new = statements(f"return {passing.response}\n", place.module)
        changes[passing.function] = passing.function.with_changes(body=body.with_changes(body=[*body.body, *new]))
    return changes


def _edit(place: Place, changes: dict[cst.CSTNode, cst.CSTNode]) -> FileEdit:
    return FileEdit(path=place.path, before=place.module.code, after=replace_nodes(place.module, changes).code)


@dataclass(frozen=True)
class _Kind:
    sign: str
    exception: str
    cause: str
    summary: str
    changes: Callable[[Place], dict[cst.CSTNode, cst.CSTNode]]


_SWALLOWED = _Kind(
    r"^No response returned\.$",
    "RuntimeError",
    "An error was caught by middleware that neither answers nor raises it again.",
    "Raise again what is caught and not answered",
    _raising,
)
_FORGOTTEN = _Kind(
    r"^'NoneType' object is not callable$",
    "TypeError",
    "A middleware got the answer, and did not return it.",
    "Return the answer of the next in line",
    _returning,
)
_KINDS = (_SWALLOWED, _FORGOTTEN)


def _finding(
    fixer: NoneReturned, work: Workplace, kind: _Kind, crashes: tuple[Crash, ...], edits: tuple[FileEdit, ...]
) -> Finding:
    plan = Plan(
        kind=PlanKind.CODE,
        summary=kind.summary,
        explanation=kind.cause,
        risk=Risk.LOW,
        proof=Proof(
            text="The failing requests get the answer, or the error, that was lost.",
            gone=(kind.sign.strip("^$"),),
            expect=answered(failed_requests(work)) if kind is _FORGOTTEN else (),
        ),
        undo="Revert the commit.",
        edits=edits,
    )
    return Finding(
        diagnosis=Diagnosis(
            fixer=fixer.name,
            category=fixer.category,
            confidence=0.85,
            evidence=(*(line for crash in crashes for line in told(crash)), *(edit.path for edit in edits)),
            cause=kind.cause if edits else "An application inside the middleware ended without an answer.",
            risk=Risk.LOW,
            options=() if edits else ("Where clients hang up early, write the middleware as plain ASGI.",),
        ),
        plans=(plan,) if edits else (),
        crashes=crashes,
    )
