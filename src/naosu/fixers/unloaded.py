"""Which relation, or which expired object, a crash could not load."""

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from naosu.domain.evidence import Crash, WebRequest
from naosu.fixers.editing import nodes_of
from naosu.fixers.loading import Step
from naosu.fixers.mapped import ModelOf
from naosu.fixers.places import place_of
from naosu.fixers.reach import FunctionOf, framed, handling
from naosu.ports.fixer import Workplace

LAZY = re.compile(
    r"Parent instance <(?P<model>\w+) at [^>]*> is not bound to a Session;.*?attribute '(?P<attribute>\w+)'"
)
EXPIRED = re.compile(r"(?<!Parent )[Ii]nstance <(?P<model>\w+) at [^>]*> is not bound to a Session; attribute refresh")
RAISING = re.compile(r"'(?P<model>\w+)\.(?P<attribute>\w+)' is not available due to lazy='raise")
LOCATION = re.compile(r"'loc': \((?P<loc>[^)]*)\)")
INPUT = re.compile(r"'input': (?:<(?:[\w.]*\.)?(?P<object>\w+) object at|(?P<called>\w+)\()")
FIELD = re.compile(
    r"^(?P<loc>[\w.]+)\n\s+Error extracting attribute: .*?input_type=(?P<model>\w+)\]", re.MULTILINE | re.DOTALL
)
FROM = re.compile(r"FROM\s+[\"`]?(?P<table>\w+)[\"`]?", re.IGNORECASE)
REFRESH = frozenset({"_load_expired", "load_scalar_attributes", "_load_scalar_attributes"})


def text_of(crash: Crash) -> str:
    """Return all that a crash says."""
    return "\n".join(f"{raised.type}: {raised.message}" for raised in crash.chain)


def is_refresh(crash: Crash) -> bool:
    """Tell whether an object's own columns were to be loaded again, not a relation."""
    frames = {frame.function for raised in crash.chain for frame in raised.frames}
    return bool(REFRESH & frames) or bool(EXPIRED.search(text_of(crash)))


def steps_of(work: Workplace, crash: Crash, models: Sequence[ModelOf]) -> list[Step]:
    """Return the relations that could not be loaded, by the surest sign: message, field, line, table."""
    text = text_of(crash)
    named = {(match["model"], match["attribute"]) for pattern in (LAZY, RAISING) for match in pattern.finditer(text)}
    if not named:
        named = set(_fields(text))
    found = [step for model, attribute in sorted(named) if (step := _step(models, model, attribute))]
    if found:
        return found
    attributes = _attributes_at(work, crash)
    tables = {match["table"] for match in FROM.finditer(text)}
    touched = [
        Step(model, relation)
        for model in models
        for relation in model.relations.values()
        if relation.attribute in attributes or any(relation.attribute == loc for _, loc in named)
    ]
    fitting = [step for step in touched if _table(models, step) in tables]
    return fitting or touched


def _step(models: Sequence[ModelOf], name: str, attribute: str) -> Step | None:
    own = next((model for model in models if model.name == name), None)
    family = [own, *(model for model in models if own and model.name in own.bases)]
    return next((Step(one, one.relations[attribute]) for one in family if one and attribute in one.relations), None)


def _table(models: Sequence[ModelOf], step: Step) -> str:
    return next((model.table for model in models if model.name == step.relation.target), "")


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield class and attribute of the fields that a response model could not read."""
    for match in LOCATION.finditer(text):
        parts = [part.strip().strip("'\"") for part in match["loc"].split(",") if "'" in part or '"' in part]
        given = INPUT.search(text, match.end())
        name = (given["object"] or given["called"]) if given else ""
        if parts:
            yield name, parts[-1]
    for match in FIELD.finditer(text):
        yield match["model"], match["loc"].rpartition(".")[2]


def _attributes_at(work: Workplace, crash: Crash) -> set[str]:
    """Return the attributes that the innermost lines of the application ask for."""
    for frame in reversed(crash.own_frames):
        place = place_of(work.source, frame.source_path)
        if place is None:
            continue
        smallest = place.at(frame.line, cst.SimpleStatementLine, cst.BaseCompoundStatement)[:1]  # type: ignore[type-abstract]
        on_line = {
            node.attr.value
            for statement in smallest
            for node in nodes_of(statement, cst.Attribute)
            if place.lines(node)[0] <= frame.line <= place.lines(node)[1]
            or isinstance(statement, cst.SimpleStatementLine)
        }
        if on_line:
            return on_line
    return set()


def starts_of(work: Workplace, crash: Crash) -> list[FunctionOf]:
    """Return the functions in which a crash happened, else those that handle the requests that failed."""
    found = framed(work.source, crash.own_frames)
    return [one for one in found if one.name != "__init__"] or handling(work.source, failed(work))


def failed(work: Workplace) -> list[WebRequest]:
    """Return the requests that were answered with a server's error, or not at all."""
    asked = [one.request for one in work.baseline.exchanges if one.status >= 500 or not one.status]  # noqa: PLR2004 - HTTP's own
    return asked or [request for request in work.evidence.requests if request.status >= 500]  # noqa: PLR2004 - HTTP's own
