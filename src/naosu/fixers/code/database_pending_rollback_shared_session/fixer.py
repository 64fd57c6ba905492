"""A session is used again after a failed flush, without a rollback."""

from collections.abc import Iterator, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash, WebRequest
from naosu.domain.repair import Diagnosis, Expectation, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.database.blocks import change_block, parsed
from naosu.fixers.database.engines import edits_of
from naosu.fixers.database.places import is_awaited
from naosu.fixers.database.plans import gone_patterns
from naosu.fixers.database.signs import crash_lines, crashes_with
from naosu.fixers.editing import ancestors, dotted_name, nodes_of, parents_of
from naosu.ports.fixer import SourceTree, Workplace

_PHRASES = (
    "has been rolled back due to a previous exception during flush",
    "Can't reconnect until invalid transaction",
)
_WRITES = {"commit", "flush"}
_SERVER_FAULT = 500
_ANSWERED = (200, 499)
"""What a request gets that failed only for the session: the answer to it alone, which may be a refusal."""


class PendingRollback:
    """Rolls a session back where a write of it failed."""

    name = "database_pending_rollback_shared_session"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield the writes after whose failure nothing rolls back."""
        crashes = crashes_with(work.evidence, ("PendingRollbackError", "InvalidRequestError"), _PHRASES)
        if not crashes:
            return
        edits = _edits(work.source)
        if not edits:
            return
        places = tuple(f"{edit.path} goes on after a failed write without a rollback" for edit in edits)
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9,
                evidence=(*crash_lines(crashes), *places),
                cause="A session was not rolled back after a failed flush, and refuses all that comes after.",
                risk=Risk.LOW,
                options=("Give every request a session of its own, closed at its end.",),
            ),
            plans=(_plan(edits, crashes, work.evidence.requests),),
            crashes=crashes,
        )


def _plan(edits: tuple[FileEdit, ...], crashes: Sequence[Crash], requests: Sequence[WebRequest]) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Roll the session back after a failed write",
        explanation="After a failed flush SQLAlchemy wants a rollback before the session is used again. What"
        " was answered to the failed request stays as it is.",
        risk=Risk.LOW,
        edits=edits,
        undo="Revert the commit.",
        proof=Proof(
            text="Requests after the one that failed are answered again.",
            gone=gone_patterns(crashes),
            expect=tuple(Expectation(request=one, status=_ANSWERED) for one in requests if one.status >= _SERVER_FAULT),
        ),
    )


def _edits(source: SourceTree) -> tuple[FileEdit, ...]:
    changed: dict[str, cst.Module] = {}
    for path, module in source.modules("commit(", "flush("):
        if "test" in path or "migrations" in path.split("/"):
            continue
        result = module
        for call in _unprotected(module):
            result = _protected(module, result, call)
        changed[path] = result
    return edits_of(source, changed)


def _unprotected(module: cst.Module) -> list[cst.Call]:
    """Return the writes of sessions that outlive their function, after whose failure nothing rolls back."""
    parents = parents_of(module)
    found = []
    for call in nodes_of(module, cst.Call):
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value not in _WRITES or call.args:
            continue
        session = dotted_name(call.func.value)
        up = [*ancestors(call, parents)]
        if session and not _is_rolled_back(session, up) and (_is_shared(session, up) or _is_in_loop(call, up)):
            found.append(call)
    return found


def _is_rolled_back(session: str, up: Sequence[cst.CSTNode]) -> bool:
    for node in up:
        if isinstance(node, cst.Try):
            ends = [*node.handlers, *([node.finalbody] if node.finalbody else [])]
            if any(_rolls_back(part, session) for part in ends):
                return True
        elif isinstance(node, cst.With):
            opened = [dotted_name(one.item.func) for one in node.items if isinstance(one.item, cst.Call)]
            if any(name.startswith(f"{session}.begin") for name in opened):
                return True
    return False


def _rolls_back(node: cst.CSTNode, session: str) -> bool:
    ends = {f"{session}.rollback", f"{session}.close", f"{session}.remove"}
    return any(dotted_name(call.func) in ends for call in nodes_of(node, cst.Call))


def _is_shared(session: str, up: Sequence[cst.CSTNode]) -> bool:
    """Whether a session outlives the function that writes: nothing there makes it, opens it, or is given it."""
    function = next((node for node in up if isinstance(node, cst.FunctionDef)), None)
    if function is None:
        return False
    head = session.partition(".")[0]
    params = function.params
    if head != "self" and any(param.name.value == head for param in (*params.params, *params.kwonly_params)):
        return False
    made = [one.target for one in nodes_of(function, cst.AssignTarget)]
    opened = [one.name for one in nodes_of(function, cst.AsName)]
    if any(dotted_name(one) in {session, head} for one in (*made, *opened)):
        return False
    return not session.startswith("db.session")


def _is_in_loop(call: cst.Call, up: Sequence[cst.CSTNode]) -> bool:
    """Whether a failure is caught, and the same session goes on in a loop."""
    caught = next((at for at, node in enumerate(up) if isinstance(node, cst.Try) and node.handlers), None)
    if caught is None:
        return False
    return any(isinstance(node, cst.For | cst.While) for node in up[caught:])


def _protected(module: cst.Module, result: cst.Module, call: cst.Call) -> cst.Module:
    parents = parents_of(module)
    up = [*ancestors(call, parents)]
    if not isinstance(call.func, cst.Attribute):
        return result
    session = module.code_for_node(call.func.value)
    line = next((node for node in up if isinstance(node, cst.SimpleStatementLine)), None)
    if line is None:
        return result
    undo = f"await {session}.rollback()" if is_awaited(line) else f"{session}.rollback()"
    outer = next((node for node in up if isinstance(node, cst.Try) and node.handlers), None)
    here = _same(result, outer) if outer is not None else None
    if isinstance(here, cst.Try):
        handlers = [
            one.with_changes(body=_with_first(module, one.body, undo)) if not _rolls_back(one, session) else one
            for one in here.handlers
        ]
        new = here.with_changes(handlers=handlers)
        return change_block(result, here, lambda body, index: [*body[:index], new, *body[index + 1 :]])
    target = _same(result, line)
    if target is None:
        return result
    text = f"try:\n    pass\nexcept Exception:\n    {undo}\n    raise\n"
    block = parsed(module, text)[0]

    def wrap(body: list[cst.BaseStatement], index: int) -> list[cst.BaseStatement]:
        old = body[index]
        lines = getattr(old, "leading_lines", ())
        inner = cst.IndentedBlock(body=[old.with_changes(leading_lines=[])])
        return [*body[:index], block.with_changes(body=inner, leading_lines=lines), *body[index + 1 :]]

    return change_block(result, target, wrap)


def _with_first(module: cst.Module, suite: cst.BaseSuite, text: str) -> cst.BaseSuite:
    lines = parsed(module, text + "\n")
    if isinstance(suite, cst.IndentedBlock):
        rest = [one for one in suite.body if not _is_pass(one)]
        return suite.with_changes(body=[*lines, *rest])
    if isinstance(suite, cst.SimpleStatementSuite):
        return cst.IndentedBlock(body=[*lines, cst.SimpleStatementLine(body=suite.body)])
    return suite


def _is_pass(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and all(isinstance(part, cst.Pass) for part in node.body)


def _same(module: cst.Module, node: cst.CSTNode) -> cst.BaseStatement | None:
    """Return a statement of a changed module: itself, or the one that has only changed inside."""
    alike = [one for one in nodes_of(module, type(node)) if one is node or one.deep_equals(node)]
    found = next((one for one in alike if one is node), alike[0] if alike else None)
    return found if isinstance(found, cst.BaseStatement) else None
