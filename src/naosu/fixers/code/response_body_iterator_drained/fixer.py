"""``Response content shorter than Content-Length``: what was read is passed on."""

from collections.abc import Callable, Iterable

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.body_draining import Draining, drainings, read_on_the_way, replay
from naosu.fixers.places import Place, places_with
from naosu.fixers.signs import answered, crashes_with, failed_requests, log_lines, told
from naosu.ports.fixer import Workplace

SIGN = r"Response content shorter than Content-Length|Too little data for declared Content-Length"
TRIES_MAX = 10


class BodyIteratorDrained:
    """Recognises an ``async for`` over ``response.body_iterator`` of an answer that is returned afterwards."""

    name = "response_body_iterator_drained"
    category = Category.RESPONSE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for all such loops, when answers broke off."""
        crashes = crashes_with(work, SIGN)
        lines = log_lines(work.evidence, SIGN)
        if not crashes and not lines:
            return
        found = [one for place in places_with(work.source, "body_iterator") for one in drainings(place)]
        if not found:
            return
        seen = [line for crash in crashes for line in told(crash)] or list(lines)
        seen += [f"read to its end, and sent afterwards: {one.place.line_of(one.line)}" for one in found]
        plans = [_plan(work, make, text) for make, text in _WAYS]
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95,
                evidence=tuple(dict.fromkeys(seen)),
                cause="An answer's body_iterator can be read once; here it was read before the answer was sent.",
                risk=Risk.LOW,
            ),
            plans=tuple({plan.edits: plan for plan in reversed(plans)}.values())[::-1],
            crashes=crashes,
        )


def _on_the_way_else_replay(draining: Draining) -> cst.Module:
    return read_on_the_way(draining) or replay(draining)


_WAYS: tuple[tuple[Callable[[Draining], cst.Module], str], ...] = (
    (_on_the_way_else_replay, "The body is read while it is sent, so streams stay streams and nothing else changes."),
    (replay, "The chunks that were read are kept and sent; status, headers and cookies stay those of the answer."),
)


def _plan(work: Workplace, make: Callable[[Draining], cst.Module], text: str) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Send the body that was read on its way",
        explanation=text,
        risk=Risk.LOW,
        proof=Proof(
            text="The answers that broke off arrive whole, and the log has no word of a body too short.",
            gone=(SIGN,),
            expect=answered(failed_requests(work)),
        ),
        undo="Revert the commit.",
        edits=tuple(_edit(place, make) for place in places_with(work.source, "body_iterator") if any(drainings(place))),
    )


def _edit(place: Place, make: Callable[[Draining], cst.Module]) -> FileEdit:
    current = place
    for _ in range(TRIES_MAX):
        draining = next(drainings(current), None)
        if draining is None:
            break
        current = Place(place.path, cst.parse_module(make(draining).code))
    return FileEdit(path=place.path, before=place.module.code, after=current.module.code)
