"""``allow_origins=["*"]`` with credentials: the known front ends are named instead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import WebRequest
from naosu.domain.repair import Diagnosis, Expectation, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.security_cors_wildcard_with_credentials.front_ends import (
    FrontEnd,
    Origins,
    front_ends,
    origins_of,
)
from naosu.fixers.editing import (
    argument,
    nodes_of,
    qualified_name,
    replace_nodes,
    with_argument,
    with_import,
    without_argument,
)
from naosu.fixers.places import Place, code_of, places_with
from naosu.fixers.signs import log_lines
from naosu.fixers.web_apps import names_in, value_behind
from naosu.ports.fixer import Workplace

STRANGER = "https://stranger.invalid"
ANY_ORIGIN = ("*", ".*", "^.*$", "https?://.*", "^https?://.*$", ".+")
_OK, _BAD = 200, 400


@dataclass(frozen=True, eq=False)
class Open:
    """One set-up of CORS that lets everybody in with credentials.

    Attributes:
        call: The call with the arguments.
        listed: The list literal with the star, where it stands in the same file but not in the call.
    """

    place: Place
    call: cst.Call
    listed: cst.BaseExpression | None = None


class CorsWildcardWithCredentials:
    """Recognises Starlette's CORS middleware with any origin and credentials."""

    name = "security_cors_wildcard_with_credentials"
    category = Category.SECURITY

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for all set-ups of CORS with both."""
        found = list(_open_setups(work))
        if not found:
            return
        known = next(front_ends(work.source), None)
        plans = [_closed(work, found, known)] if known is not None else []
        plans.append(_without_credentials(work, found))
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95,
                evidence=(
                    *(one.place.line_of(one.call) for one in found),
                    *_reflected(work),
                    *log_lines(work.evidence, r"(?i)access-control-allow|\bCORS\b"),
                ),
                cause="Any origin is allowed, with credentials: every site that a user visits can read as that user.",
                risk=Risk.MEDIUM,
                options=("Name the front ends that may read with credentials.",) if known is None else (),
            ),
            plans=tuple(plans),
        )


def _open_setups(work: Workplace) -> Iterator[Open]:
    for place in places_with(work.source, "allow_credentials"):
        names = names_in(work.source, place)
        for call in nodes_of(place.module, cst.Call):
            about = [call.func, *(arg.value for arg in call.args[:1])]
            if not any(qualified_name(node, names).endswith(".CORSMiddleware") for node in about):
                continue
            credentials = argument(call, "allow_credentials")
            is_allowed = credentials is not None and code_of(credentials.value) == "True"
            if is_allowed and (one := _if_open(work, place, call)) is not None:
                yield one


def _if_open(work: Workplace, place: Place, call: cst.Call) -> Open | None:
    pattern = argument(call, "allow_origin_regex")
    text = pattern.value if pattern is not None else None
    if isinstance(text, cst.SimpleString) and text.evaluated_value in ANY_ORIGIN:
        return Open(place, call)
    origins = argument(call, "allow_origins")
    behind = value_behind(work.source, place, origins.value) if origins is not None else None
    if origins is None or behind is None:
        return None
    where, value = behind
    if not isinstance(value, cst.List | cst.Tuple | cst.Set):
        return None
    texts = [item.value.evaluated_value for item in value.elements if isinstance(item.value, cst.SimpleString)]
    if "*" not in texts:
        return None
    is_apart = value is not origins.value and where.path == place.path and where.module is place.module
    return Open(place, call, value if is_apart and isinstance(origins.value, cst.Name) else None)


def _reflected(work: Workplace) -> Iterator[str]:
    for exchange in work.baseline.exchanges:
        origin = dict(exchange.request.headers).get("origin") or dict(exchange.request.headers).get("Origin")
        headers = dict(exchange.headers)
        if origin and headers.get("access-control-allow-credentials") == "true":
            yield f"{exchange.request.line} from {origin} may be read by {headers.get('access-control-allow-origin')}"


def _asked(work: Workplace) -> WebRequest:
    good = [one.request for one in work.baseline.exchanges if one.request.method == "GET" and one.status == _OK]
    return good[0] if good else WebRequest(method="GET", path="/")


def _from(request: WebRequest, origin: str, method: str = "") -> WebRequest:
    kept = tuple((name, value) for name, value in request.headers if name.lower() not in ("origin", "cookie"))
    more = (("access-control-request-method", "GET"),) if method else (("cookie", "session=1"),)
    return WebRequest(method=method or request.method, path=request.path, headers=(*kept, ("origin", origin), *more))


def _closed(work: Workplace, found: list[Open], known: FrontEnd) -> Plan:
    edits = []
    for place in {one.place.path: one.place for one in found}.values():
        origins = origins_of(work.source, known, place)
        changes: dict[cst.CSTNode, cst.CSTNode] = {}
        value = cst.parse_expression(origins.expression)
        for one in (one for one in found if one.place is place):
            if one.listed is not None and known.place.path != place.path:
                changes[one.listed] = value
            else:
                changes[one.call] = _with_origins(one.call, value)
        edits.append(_edit(place, changes, origins))
    request = _asked(work)
    return Plan(
        kind=PlanKind.CODE,
        summary="Let only the known front end read with credentials",
        explanation=f"{known.name} in {known.place.path} names the front end; other origins get no permission.",
        risk=Risk.MEDIUM,
        proof=Proof(
            text="A stranger's origin gets no permission, not even to ask first; the front end gets it.",
            expect=(
                Expectation(request=_from(request, STRANGER), headers={"access-control-allow-origin": ""}),
                Expectation(request=_from(request, STRANGER, "OPTIONS"), headers={"access-control-allow-origin": ""}),
                Expectation(
                    request=_from(request, known.origin), headers={"access-control-allow-origin": f"^{known.origin}$"}
                ),
            ),
            may_change=("headers",),
        ),
        undo="Revert the commit.",
        edits=tuple(edits),
    )


def _edit(place: Place, changes: dict[cst.CSTNode, cst.CSTNode], origins: Origins | None = None) -> FileEdit:
    module = replace_nodes(place.module, changes)
    if origins is not None and origins.source:
        module, _ = with_import(module, origins.source, origins.name)
    return FileEdit(path=place.path, before=place.module.code, after=module.code)


def _with_origins(call: cst.Call, value: cst.BaseExpression) -> cst.Call:
    pattern = argument(call, "allow_origin_regex")
    if pattern is not None:
        call = without_argument(call, pattern)
    return with_argument(call, "allow_origins", value)


def _without_credentials(work: Workplace, found: list[Open]) -> Plan:
    edits = []
    for place in {one.place.path: one.place for one in found}.values():
        changes: dict[cst.CSTNode, cst.CSTNode] = {
            one.call: with_argument(one.call, "allow_credentials", cst.Name("False"))
            for one in found
            if one.place is place
        }
        edits.append(_edit(place, changes))
    return Plan(
        kind=PlanKind.CODE,
        summary="Let no other origin read with credentials",
        explanation="Everybody may still read what is public; cookies of a user open nothing to other sites any more."
        " A front end on another origin that signs in by cookie needs its origin named instead.",
        risk=Risk.MEDIUM,
        proof=Proof(
            text="A stranger's origin is not allowed to send credentials.",
            expect=(
                Expectation(request=_from(_asked(work), STRANGER), headers={"access-control-allow-credentials": ""}),
            ),
            may_change=("headers",),
        ),
        undo="Revert the commit.",
        edits=tuple(edits),
    )
