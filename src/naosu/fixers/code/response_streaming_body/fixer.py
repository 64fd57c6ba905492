"""``'_StreamingResponse' object has no attribute 'body'``: the body is read while it is sent."""

from collections.abc import Callable, Iterable, Iterator

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.body_reading import Reading, buffer, reading_of, tee
from naosu.fixers.call_next import is_kept, passings
from naosu.fixers.places import Place, places_with
from naosu.fixers.signs import answered, crashes_with, failed_requests, told
from naosu.ports.fixer import Workplace

SIGN = r"'_?StreamingResponse' object has no attribute 'body'"
TRIES_MAX = 10


class StreamingBody:
    """Recognises middleware that reads ``response.body`` of what ``call_next`` returned."""

    name = "response_streaming_body"
    category = Category.RESPONSE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for all middlewares of the application with this fault."""
        crashes = crashes_with(work, SIGN, "AttributeError")
        if not crashes:
            return
        callees = {crash.own_frames[-1].function for crash in crashes if crash.own_frames}
        found = list(_readings(work, callees))
        plans = [plan for make, text in _WAYS if (plan := _plan(work, callees, make, text)) is not None]
        known = {plan.edits: plan for plan in reversed(plans)}
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.97 if found else 0.6,
                evidence=_evidence(crashes, found),
                cause="What call_next returns is always a stream: it has a body_iterator, and no body.",
                risk=Risk.LOW if found else Risk.MEDIUM,
                options=() if plans else _OPTIONS,
            ),
            plans=tuple(sorted(known.values(), key=plans.index)),
            crashes=crashes,
        )


_OPTIONS = (
    "Read the body from body_iterator while it is passed on, or write the middleware as plain ASGI.",
    "Where an endpoint makes the StreamingResponse itself, keep what it was made from instead of reading it back.",
)


def _evidence(crashes: tuple[Crash, ...], found: list[Reading]) -> tuple[str, ...]:
    lines = [line for crash in crashes for line in told(crash)]
    lines += [f"the answer comes from call_next: {one.passing.place.line_of(one.passing.assign)}" for one in found]
    return tuple(dict.fromkeys(lines))


def _readings(work: Workplace, callees: set[str]) -> Iterator[Reading]:
    for place in places_with(work.source, "await "):
        yield from _in_file(place, callees)


def _in_file(place: Place, callees: set[str]) -> Iterator[Reading]:
    for passing in passings(place):
        if not is_kept(passing):
            continue
        readings = (reading_of(passing, callee) for callee in ("", *sorted(callees)))
        if (reading := next((one for one in readings if one is not None), None)) is not None:
            yield reading


def _tee_else_buffer(reading: Reading) -> cst.Module | None:
    changed = tee(reading)
    return changed if changed is not None else buffer(reading)


_TEE = (
    "What only looks at the body looks at it while it is sent, so streams stay streams, and headers and cookies are"
    " untouched; what decides the answer by it gets the body of ordinary answers."
)
_BUFFER = "The body of ordinary answers is read whole and handed on; what streams passes as it is."
_WAYS: tuple[tuple[Callable[[Reading], cst.Module | None], str], ...] = ((_tee_else_buffer, _TEE), (buffer, _BUFFER))


def _plan(work: Workplace, callees: set[str], make: Callable[[Reading], cst.Module | None], text: str) -> Plan | None:
    edits = tuple(edit for place in places_with(work.source, "await ") if (edit := _edit(place, callees, make)))
    if not edits:
        return None
    requests = failed_requests(work)
    return Plan(
        kind=PlanKind.CODE,
        summary="Read the body of an answer where it is, in its iterator",
        explanation=text,
        risk=Risk.LOW,
        proof=Proof(
            text="The failing requests are answered, with the same headers and cookies, and streams still stream.",
            gone=(SIGN,),
            expect=answered(requests),
        ),
        undo="Revert the commit.",
        edits=edits,
    )


def _edit(place: Place, callees: set[str], make: Callable[[Reading], cst.Module | None]) -> FileEdit | None:
    before = place.module
    current = place
    for _ in range(TRIES_MAX):
        changed = next((new for one in _in_file(current, callees) if (new := make(one)) is not None), None)
        if changed is None or changed.code == current.module.code:
            break
        current = Place(place.path, cst.parse_module(changed.code))
    if current.module is before:
        return None
    return FileEdit(path=place.path, before=before.code, after=current.module.code)
