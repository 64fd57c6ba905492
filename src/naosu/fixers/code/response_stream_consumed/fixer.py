"""``Stream consumed``: the body is kept by whoever reads it first."""

from collections.abc import Iterable, Iterator

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.editing import dotted_name, nodes_of, replace_nodes
from naosu.fixers.places import Place, code_of, frame_places, places_with, statements
from naosu.fixers.signs import answered, crashes_with, failed_requests, told
from naosu.ports.fixer import Workplace

SIGN = r"^Stream consumed$"


class StreamConsumed:
    """Recognises a request's body that is read as a stream or a form, and then again."""

    name = "response_stream_consumed"
    category = Category.RESPONSE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for all first reads that keep nothing."""
        crashes = crashes_with(work, SIGN, "RuntimeError")
        if not crashes:
            return
        edits = {edit.path: edit for edit in _streams(work)} or {
            edit.path: edit for crash in crashes for edit in _forms(work, crash.own_frames)
        }
        requests = failed_requests(work)
        plan = Plan(
            kind=PlanKind.CODE,
            summary="Keep the body of a request for its second reader",
            explanation="body() keeps what it read; a stream, or a form, can be read once only.",
            risk=Risk.LOW,
            proof=Proof(
                text="The failing requests are answered.", gone=("Stream consumed",), expect=answered(requests)
            ),
            undo="Revert the commit.",
            edits=tuple(edits.values()),
        )
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9,
                evidence=tuple(dict.fromkeys(line for crash in crashes for line in told(crash))),
                cause="The body of the request was read as a stream or a form before, which can be done once.",
                risk=Risk.LOW,
                options=() if edits else ("Read what is needed from the form parameters instead of the raw body.",),
            ),
            plans=(plan,) if edits else (),
            crashes=crashes,
        )


def _streams(work: Workplace) -> Iterator[FileEdit]:
    """Read ``request.stream()`` as one chunk, which is kept."""
    for place in places_with(work.source, ".stream()"):
        changes: dict[cst.CSTNode, cst.CSTNode] = {}
        for loop in nodes_of(place.module, cst.For):
            call = loop.iter
            if loop.asynchronous is None or not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
                continue
            owner = dotted_name(call.func.value)
            if call.func.attr.value == "stream" and not call.args and _is_request(place, loop, owner):
                once = cst.parse_expression(f"[await {owner}.body()]")
                changes[loop] = loop.with_changes(iter=once, asynchronous=None)
        if changes:
            after = replace_nodes(place.module, changes).code
            yield FileEdit(path=place.path, before=place.module.code, after=after)


def _is_request(place: Place, node: cst.CSTNode, name: str) -> bool:
    function = place.within(node, cst.FunctionDef)
    params = {one.name.value: one for one in function.params.params} if function is not None else {}
    param = params.get(name)
    if param is None:
        return False
    return name in ("request", "req") or (param.annotation is not None and "Request" in code_of(param.annotation))


def _forms(work: Workplace, frames: tuple[object, ...]) -> Iterator[FileEdit]:
    """Read the body before the form, in the function that wants both."""
    for place, frame in frame_places(work.source, frames):  # type: ignore[arg-type]
        function = place.function_at(frame.line)
        for line in nodes_of(function.body, cst.SimpleStatementLine) if function is not None else ():
            calls = [call for call in nodes_of(line, cst.Call) if code_of(call.func).endswith(".form")]
            if calls and place.lines(line)[0] < frame.line:
                owner = code_of(calls[0].func).removesuffix(".form")
                kept = statements(f"await {owner}.body()  # kept, so that both may be read\n", place.module)
                module = replace_nodes(place.module, {line: cst.FlattenSentinel([*kept, line])})
                yield FileEdit(path=place.path, before=place.module.code, after=module.code)
                return
