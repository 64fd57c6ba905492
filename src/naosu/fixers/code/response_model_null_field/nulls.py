"""Which fields were null where a schema forbids it, as FastAPI and Pydantic say it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from naosu.domain.evidence import Crash

_FOR_MODEL = re.compile(r"\d+ validation errors? for (?:typing\.)?(\w+)")
_NULL = re.compile(r"input_value=None|none is not an allowed value")
_IN_FUNCTION = re.compile(r'File "[^"]*", line \d+, in (\w+)')


@dataclass(frozen=True)
class Null:
    """One field that was null.

    Attributes:
        fields: The names on the way to it, outermost first.
        model: The model that was made. Empty: that of the endpoint.
        function: The endpoint. Empty: unknown.
    """

    fields: tuple[str, ...]
    model: str = ""
    function: str = ""


def nulls_of(crash: Crash) -> Iterator[Null]:
    """Yield the fields that were null, none for a crash that says something else."""
    for raised in crash.chain:
        if raised.name == "ResponseValidationError":
            function = _IN_FUNCTION.search(raised.message)
            frames = crash.own_frames
            name = function[1] if function else frames[-1].function if frames else ""
            yield from (Null(fields, function=name) for fields in _listed(raised.message))
        elif raised.name == "ValidationError":
            match = _FOR_MODEL.search(raised.message)
            yield from (Null(fields, model=match[1] if match else "") for fields in _told(raised.message))


def _listed(message: str) -> Iterator[tuple[str, ...]]:
    """Read FastAPI's list: a dict a line."""
    for line in message.splitlines():
        try:
            error = ast.literal_eval(line.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if not isinstance(error, dict) or error.get("input", "") is not None or error.get("type") == "missing":
            continue
        fields = tuple(part for part in error.get("loc", ())[1:] if isinstance(part, str))
        if fields:
            yield fields


def _told(message: str) -> Iterator[tuple[str, ...]]:
    """Read Pydantic's text: the place on one line, what is wrong with it on the next."""
    lines = message.splitlines()
    for place, said in pairwise(lines):
        if _NULL.search(said) and not place.startswith(" "):
            parts = re.split(r"\.|\s*->\s*", place.strip())
            fields = tuple(part for part in parts if part and not part.isdigit() and part != "response")
            if fields:
                yield fields
