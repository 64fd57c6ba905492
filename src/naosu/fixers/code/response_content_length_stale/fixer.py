"""``Response content longer than Content-Length``: the length of the old body is left out."""

from collections.abc import Iterable

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.body_draining import drainings
from naosu.fixers.code.response_content_length_stale.lengths import lengths
from naosu.fixers.places import Place, places_with
from naosu.fixers.signs import answered, crashes_with, failed_requests, log_lines, told
from naosu.ports.fixer import Workplace

SIGN = (
    r"Response content (longer|shorter) than Content-Length"
    r"|Too (much|little) data for declared Content-Length"
)
TRIES_MAX = 10


class ContentLengthStale:
    """Recognises a new body that is sent under the headers of an old one."""

    name = "response_content_length_stale"
    category = Category.RESPONSE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for all places that carry a length over, when a length was wrong."""
        crashes = crashes_with(work, SIGN)
        lines = log_lines(work.evidence, SIGN)
        if not crashes and not lines:
            return
        places = list(places_with(work.source, "headers", "body_iterator"))
        if any(any(drainings(place)) for place in places):
            return
        edits = tuple(edit for place in places if (edit := _edit(place)) is not None)
        if not edits:
            return
        seen = [line for crash in crashes for line in told(crash)] or list(lines)
        seen += [place.line_of(one.node) for place in places for one in lengths(place)]
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.92,
                evidence=tuple(dict.fromkeys(seen)),
                cause="A new body is sent with the Content-Length of another one.",
                risk=Risk.LOW,
            ),
            plans=(_plan(work, edits),),
            crashes=crashes,
        )


def _plan(work: Workplace, edits: tuple[FileEdit, ...]) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Leave the length of the old body out of the headers of the new one",
        explanation="The answer counts its own body. What tells of the old one (length, encoding, ETag) is not carried"
        " over; all other headers are, each cookie by itself.",
        risk=Risk.LOW,
        proof=Proof(
            text="The answers that broke off arrive whole, with a length that is theirs.",
            gone=(SIGN,),
            expect=answered(failed_requests(work)),
        ),
        undo="Revert the commit.",
        edits=edits,
    )


def _edit(place: Place) -> FileEdit | None:
    current = place
    for _ in range(TRIES_MAX):
        found = next(lengths(current), None)
        if found is None or found.changed.code == current.module.code:
            break
        current = Place(place.path, cst.parse_module(found.changed.code))
    if current is place:
        return None
    return FileEdit(path=place.path, before=place.module.code, after=current.module.code)
