"""Answers without security headers: a middleware outside all others adds what they lack."""

from collections.abc import Iterable

from naosu.domain.classification import Category
from naosu.domain.evidence import WebRequest
from naosu.domain.observation import Exchange
from naosu.domain.repair import Diagnosis, Expectation, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.security_missing_headers.django import django_edits
from naosu.fixers.code.security_missing_headers.middleware import (
    HEADERS,
    asgi_edits,
    flask_edits,
    is_public,
    sets_itself,
)
from naosu.fixers.signs import log_lines
from naosu.ports.fixer import Workplace

_NAMED = "(security headers?|" + "|".join(HEADERS) + ")"
_NOT_THERE = "(missing|lacks?|lacking|without|absent|not (set|present|found|included))"
ASKED = f"(?i){_NOT_THERE}.*{_NAMED}|{_NAMED}.*{_NOT_THERE}"
EXPLAINED = frozenset({400, 401, 403, 405, 409, 411, 413, 415, 422, 429})
"""Answers that tell of some other trouble: whoever gave a log with them did not ask for headers."""
SERVER_ERROR = 500
FEWEST = 3
_UNSURE, _SURE = 0.5, 0.9


class MissingHeaders:
    """Recognises an application whose answers have none of the headers that protect its users.

    An application that works is not changed without need: either somebody asked (a scanner's line in the log), or a log
    was given in which nothing at all goes wrong.
    """

    name = "security_missing_headers"
    category = Category.SECURITY

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for all headers that no answer has."""
        answers = [one for one in work.baseline.exchanges if 0 < one.status < SERVER_ERROR]
        missing = _missing(answers)
        asked = log_lines(work.given, ASKED)
        if len(missing) < FEWEST or not (asked or _is_quiet(work)):
            return
        coded = set(sets_itself(work.source))
        if not asked and (coded or is_public(work.source)):
            return
        wanted = {name: value for name, value in HEADERS.items() if name in missing}
        edits = asgi_edits(work.source, wanted) or flask_edits(work.source, wanted) or django_edits(work.source, wanted)
        seen = [f"{one.request.line} → {one.status} without {', '.join(missing)}" for one in answers[:3]]
        plan = Plan(
            kind=PlanKind.CODE,
            summary="Send the headers by which browsers protect users",
            explanation="They are added outside all other middleware, to errors as well, and only where an answer has"
            " none of its own. No Content-Security-Policy: it would break pages such as /docs, so it takes a person.",
            risk=Risk.LOW,
            proof=Proof(
                text="Every answer has the headers once; statuses and bodies are what they were.",
                expect=tuple(_expected(one, wanted, is_django=_is_django(edits)) for one in _various(answers)),
                may_change=("headers",),
            ),
            undo="Revert the commit.",
            edits=edits,
        )
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=_SURE if asked else _UNSURE,
                evidence=(*asked, *seen),
                cause="Nothing in the application sets these headers.",
                risk=Risk.LOW,
                options=()
                if edits
                else ("Set the headers in the reverse proxy, or in a middleware outside all others.",),
            ),
            plans=(plan,) if edits else (),
        )


def _missing(answers: list[Exchange]) -> list[str]:
    """Return the headers that no answer has."""
    return [name for name in HEADERS if answers and not any(name in dict(one.headers) for one in answers)]


def _is_quiet(work: Workplace) -> bool:
    """Tell whether a log was given, and nothing at all goes wrong, there or in the run as it is."""
    given = work.given
    if not given.log.strip() or not given.requests or work.evidence.crashes or work.baseline.crashes:
        return False
    return not any(one.status in EXPLAINED or one.status >= SERVER_ERROR for one in given.requests)


def _various(answers: list[Exchange]) -> list[Exchange]:
    """Return one answer of each status."""
    return list({one.status: one for one in reversed(answers)}.values())


def _is_django(edits: tuple[object, ...]) -> bool:
    return len(edits) == 1 and "MIDDLEWARE" in str(getattr(edits[0], "after", ""))


def _expected(answer: Exchange, wanted: dict[str, str], *, is_django: bool) -> Expectation:
    """Return what an answer must have; Django sends HSTS on HTTPS only, and has its own default for the referrer."""
    headers = {name: f"^{value}$" for name, value in wanted.items()}
    if is_django:
        headers = {name: "." for name in headers if name != "strict-transport-security"}
    request: WebRequest = answer.request
    return Expectation(request=request, status=(answer.status, answer.status), headers=headers)
