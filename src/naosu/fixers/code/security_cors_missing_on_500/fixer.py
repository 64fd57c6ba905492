"""A 500 without CORS headers: what nothing catches is answered inside the CORS middleware."""

from collections.abc import Iterable

import msgspec

from naosu.domain.classification import Category
from naosu.domain.evidence import WebRequest
from naosu.domain.repair import Diagnosis, Expectation, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.security_cors_missing_on_500.catch_all import cors_of, edits_for, handlers_of
from naosu.fixers.editing import argument
from naosu.fixers.places import code_of
from naosu.fixers.signs import failed_requests, log_lines
from naosu.fixers.web_apps import value_behind
from naosu.ports.fixer import Workplace

SAID = r"(?i)No 'Access-Control-Allow-Origin' header|blocked by CORS|500\b.*\bACAO: None"
ORIGIN = "https://front-end.invalid"
ALLOWED = "access-control-allow-origin"
ERROR = (500, 599)


class CorsMissingOnError:
    """Recognises an application whose errors are answered outside its CORS middleware."""

    name = "security_cors_missing_on_500"
    category = Category.SECURITY

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield a finding when an error was answered, and a handler or a browser says that it matters."""
        found = list(cors_of(work.source))
        failed = failed_requests(work)
        if len(found) != 1 or not failed or _has_headers(work):
            return
        handlers = list(handlers_of(work.source))
        said = log_lines(work.evidence, SAID)
        if not handlers and not said:
            return
        cors = found[0]
        origin = _allowed_origin(work)
        edits = edits_for(work.source, cors)
        plan = Plan(
            kind=PlanKind.CODE,
            summary="Answer unexpected errors where CORS headers are added",
            explanation="A handler for Exception runs outside all middleware. The new middleware asks the same handler,"
            " inside the CORS middleware, and logs the error as before.",
            risk=Risk.LOW,
            proof=Proof(
                text="The error is still answered by its handler, now with the header that lets the front end read it.",
                expect=tuple(
                    Expectation(request=_from(request, origin), status=ERROR, headers={ALLOWED: "."})
                    for request in failed[:3]
                ),
                may_change=("headers",),
            ),
            undo="Revert the commit.",
            edits=edits,
        )
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9 if said else 0.8,
                evidence=(
                    *said,
                    cors.place.line_of(cors.call),
                    *handlers,
                    f"{failed[0].line} was answered with an error",
                ),
                cause="Errors that nothing catches are answered outside the CORS middleware, so browsers hide them.",
                risk=Risk.LOW,
            ),
            plans=(plan,) if edits else (),
        )


def _has_headers(work: Workplace) -> bool:
    """Tell whether an error was answered with the header."""
    return any(one.status >= ERROR[0] and ALLOWED in dict(one.headers) for one in work.baseline.exchanges)


def _allowed_origin(work: Workplace) -> str:
    """Return an origin that the application allows."""
    for cors in cors_of(work.source):
        origins = argument(cors.call, "allow_origins")
        behind = value_behind(work.source, cors.place, origins.value) if origins is not None else None
        if behind is not None:
            for part in code_of(behind[1]).replace("'", '"').split('"'):
                if part.startswith("http"):
                    return part
    return ORIGIN


def _from(request: WebRequest, origin: str) -> WebRequest:
    kept = tuple((name, value) for name, value in request.headers if name.lower() != "origin")
    return msgspec.structs.replace(request, headers=(*kept, ("origin", origin)))
