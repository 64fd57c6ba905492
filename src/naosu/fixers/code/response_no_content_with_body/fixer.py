"""``Status code 204 must not have a response body``: what has no content says so."""

from collections.abc import Iterable, Iterator

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.editing import argument, nodes_of, replace_nodes, with_argument, with_import
from naosu.fixers.endpoints import endpoints
from naosu.fixers.places import Place, code_of, places_with
from naosu.fixers.signs import answered, crashes_with, failed_requests, told
from naosu.ports.fixer import Workplace

DECLARED = r"Status code \d+ must not have a response body"
SENT = r"Too much data for declared Content-Length|Response content longer than Content-Length"
EMPTY = ("204", "304", "205")
RENDERING = ("JSONResponse", "ORJSONResponse", "PlainTextResponse", "HTMLResponse")


class NoContentWithBody:
    """Recognises routes and answers with a status that has no body, which have one."""

    name = "response_no_content_with_body"
    category = Category.RESPONSE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield a finding for routes that declare a body, and one for answers that have one."""
        for sign, edits_of, needle in ((DECLARED, _declared, "@"), (SENT, _sent, "Response(")):
            crashes = crashes_with(work, sign)
            edits = tuple(edit for place in places_with(work.source, needle) if (edit := edits_of(work, place)))
            if crashes and edits:
                yield Finding(
                    diagnosis=Diagnosis(
                        fixer=self.name,
                        category=self.category,
                        confidence=0.93,
                        evidence=(*(line for crash in crashes for line in told(crash)), *(edit.path for edit in edits)),
                        cause="The status says that there is no content, and there is some.",
                        risk=Risk.LOW,
                        options=("If clients need what is returned, answer 200 instead.",),
                    ),
                    plans=(_plan(work, sign, edits),),
                    crashes=crashes,
                )


def _plan(work: Workplace, sign: str, edits: tuple[FileEdit, ...]) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Send no body where the status has none",
        explanation="The status stays, as clients know it; what it does not allow is left out.",
        risk=Risk.LOW,
        proof=Proof(
            text="The application starts, and the requests are answered.",
            gone=(sign,),
            expect=answered(failed_requests(work)),
        ),
        undo="Revert the commit.",
        edits=edits,
    )


def _is_empty(arg: cst.Arg | None) -> bool:
    return arg is not None and any(code in code_of(arg.value) for code in EMPTY)


def _declared(work: Workplace, place: Place) -> FileEdit | None:
    """Say of routes without content that they have no response model."""
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    for endpoint in endpoints(work.source):
        model = endpoint.response_model
        if endpoint.place.path != place.path or model is None or code_of(model) == "None":
            continue
        if _is_empty(argument(endpoint.decorator, "status_code")):
            changes[endpoint.decorator] = with_argument(endpoint.decorator, "response_model", cst.Name("None"))
    if not changes:
        return None
    return FileEdit(path=place.path, before=place.module.code, after=replace_nodes(place.module, changes).code)


def _sent(work: Workplace, place: Place) -> FileEdit | None:
    """Make answers without content of the plain class, which renders nothing."""
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    for call in nodes_of(place.module, cst.Call):
        if code_of(call.func).rpartition(".")[2] in RENDERING and _is_empty(argument(call, "status_code", 1)):
            changes[call] = call.with_changes(func=cst.Name("Response"), args=list(_kept(call)))
    if not changes:
        return None
    module = replace_nodes(place.module, changes)
    framework = "fastapi" if "fastapi" in module.code else "starlette.responses"
    module, name = with_import(module, framework, "Response")
    if name != "Response":
        return None
    return FileEdit(path=place.path, before=place.module.code, after=module.code)


def _kept(call: cst.Call) -> Iterator[cst.Arg]:
    """Yield the arguments without the content, each by its keyword."""
    found = [argument(call, "status_code", 1), argument(call, "headers", 2), argument(call, "background", 4)]
    names = ("status_code", "headers", "background")
    pairs = [(name, arg) for name, arg in zip(names, found, strict=True) if arg is not None]
    for index, (name, arg) in enumerate(pairs):
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")) if index < len(pairs) - 1 else None
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        yield cst.Arg(arg.value, keyword=cst.Name(name), equal=equal, comma=comma or cst.MaybeSentinel.DEFAULT)
