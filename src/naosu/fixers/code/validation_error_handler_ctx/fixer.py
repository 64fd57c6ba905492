"""Pydantic's errors hold what was raised, and bytes that came; neither can be written as JSON."""

import re
from collections.abc import Iterable, Iterator

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.edits import Edits
from naosu.fixers.error_lists import encode, error_lists, handlers
from naosu.fixers.places import Place, frame_places
from naosu.fixers.signs import crashes_with, told
from naosu.ports.fixer import Workplace

PHRASE = r"Object of type (?P<type>\w+) is not JSON serializable|Type is not JSON serializable: (?P<other>\w+)"


class ValidationErrorHandlerCtx:
    """Encodes the errors before they are written."""

    name = "validation_error_handler_ctx"
    category = Category.VALIDATION

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield handlers that write Pydantic's errors as they are."""
        found = [(crash, at) for crash in crashes_with(work, PHRASE, "TypeError") if (at := _handler(work, crash))]
        if not found:
            return
        edits = tuple(_edits(work, [place for _, place in found]))
        crashes = tuple(crash for crash, _ in found)
        lines = dict.fromkeys(line for crash in crashes for line in told(crash))
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95,
                evidence=tuple(lines),
                cause="An error's `ctx` holds the exception that a validator raised since Pydantic 2; that is no JSON.",
                risk=Risk.LOW,
            ),
            plans=(_plan(edits),) if edits else (),
            crashes=crashes,
        )


def _handler(work: Workplace, crash: Crash) -> Place | None:
    """Return the file of the innermost function of a crash that writes a list of errors."""
    for place, frame in frame_places(work.source, crash.last.frames):
        function = place.function_at(frame.line)
        if function is not None and (error_lists(function) or _mentions_errors(place, crash)):
            return place
    return None


def _mentions_errors(place: Place, crash: Crash) -> bool:
    """Tell whether what could not be written is an exception, in a file that knows of lists of errors."""
    match = re.search(PHRASE, crash.last.message)
    type_ = (match["type"] or match["other"]) if match else ""
    return type_.endswith(("Error", "Exception", "Undefined")) and ".errors()" in place.module.code


def _edits(work: Workplace, places: Iterable[Place]) -> Iterator[FileEdit]:
    for place in {place.path: place for place in places}.values():
        edits = Edits(place.path, place.module)
        for function in handlers(place):
            encode(work, edits, place, function)
        if edits:
            yield edits.file_edit()


def _plan(edits: tuple[FileEdit, ...]) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Encode errors of validation before they are written",
        explanation="What is no JSON in them becomes JSON; messages and places stay as they are.",
        risk=Risk.LOW,
        proof=Proof(text="The input that was refused with a 500 is refused with its own status.", gone=(PHRASE,)),
        undo="The edited files get their text from before back.",
        edits=edits,
    )
