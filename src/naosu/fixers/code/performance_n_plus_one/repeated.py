"""What a log of SQL says of rows that are loaded one at a time."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import libcst as cst
import msgspec

from naosu.domain.evidence import WebRequest
from naosu.domain.observation import Observation
from naosu.fixers.editing import nodes_of
from naosu.fixers.loading import Step
from naosu.fixers.mapped import ModelOf
from naosu.fixers.reach import FunctionOf

REPEATS_MIN = 6
"""So many alike SELECTs within one request are a loop."""
ACCESS = re.compile(r"[\"\s](?P<method>GET|POST|PUT|PATCH|DELETE) (?P<path>/\S*) HTTP/")
ONE_ROW = re.compile(r"FROM\s+[\"`]?(?P<table>\w+)[\"`]?\s+WHERE\s+(?P<where>[^\n]+)", re.IGNORECASE)
COLUMN = re.compile(r"[\"`]?(?P<table>\w+)[\"`]?\.[\"`]?(?P<column>\w+)[\"`]?")
VALUE = re.compile(r"'[^']*'|\b\d+\b|\(\d+(?:, \d+)*\)")


class Repeated(msgspec.Struct, frozen=True):
    """Alike SELECTs within one request: the table they read, the column they compare, how many there were."""

    request: WebRequest
    table: str
    column: str
    count: int


def repeated(log: str, baseline: Observation) -> list[Repeated]:
    """Return the SELECTs for one row that repeat within a request, in the log that was given or in the run as it is."""
    found = [one for request, text in [*_by_request(log), *_exchanged(baseline)] for one in _in_one(request, text)]
    most: dict[tuple[str, str, str], Repeated] = {}
    for one in found:
        key = (one.request.line, one.table, one.column)
        if key not in most or most[key].count < one.count:
            most[key] = one
    return list(most.values())


def _by_request(log: str) -> Iterator[tuple[WebRequest, str]]:
    """Yield what a server wrote before each of its access lines, since the one before."""
    at = 0
    for match in ACCESS.finditer(log):
        yield WebRequest(method=match["method"], path=match["path"]), log[at : match.start()]
        at = match.end()


def _exchanged(baseline: Observation) -> Iterator[tuple[WebRequest, str]]:
    for exchange in baseline.exchanges:
        yield exchange.request, exchange.log


def _in_one(request: WebRequest, text: str) -> Iterator[Repeated]:
    counts = Counter((match["table"], VALUE.sub("?", match["where"]).strip()) for match in ONE_ROW.finditer(text))
    for (table, where), count in counts.items():
        column = next((one["column"] for one in COLUMN.finditer(where) if one["table"] == table), "")
        if count >= REPEATS_MIN and column:
            yield Repeated(request, table, column, count)


def step_for(one: Repeated, models: Sequence[ModelOf], through: Sequence[FunctionOf]) -> Step | None:
    """Return the relation that these SELECTs load, where only one fits the table, the column, and the code."""
    touched = {node.attr.value for function in through for node in nodes_of(function.node, cst.Attribute)}
    fitting = [
        Step(model, relation)
        for model in models
        for relation in model.relations.values()
        for target in models
        if target.name == relation.target and target.table == one.table and relation.attribute in touched
        if _compares(one.column, model, target)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _compares(column: str, owner: ModelOf, target: ModelOf) -> bool:
    """Tell whether a relation's SELECT compares this column: the target's key to the owner, or its own primary key."""
    known = target.columns.get(column)
    if known is None:
        return True
    towards = {owner.table, owner.name}
    return known.is_primary or any(key.partition(".")[0] in towards for key in known.targets)
