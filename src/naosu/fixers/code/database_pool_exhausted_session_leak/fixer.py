"""Sessions are taken from the pool and never given back, until there is none left."""

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash, WebRequest
from naosu.domain.repair import Diagnosis, Expectation, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.database_pool_exhausted_session_leak.leaks import Leak, Search
from naosu.fixers.code.database_pool_exhausted_session_leak.returning import given_back
from naosu.fixers.database.engines import edits_of
from naosu.fixers.database.signs import crash_lines, crashes_with
from naosu.ports.fixer import SourceTree, Workplace

_PHRASES = ("QueuePool limit of size", "connection pool exhausted", "couldn't get a connection after")
_SIZES = re.compile(r"QueuePool limit of size (\d+) overflow (-?\d+)")
_REQUESTS_MAX = 20
_SERVER_FAULT = 500
_ANSWERED = (200, 499)


class PoolExhausted:
    """Gives sessions back: dependencies that close, ``with`` around local ones."""

    name = "database_pool_exhausted_session_leak"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield the places that leak; without any, what a person can look at."""
        crashes = crashes_with(work.evidence, (), _PHRASES)
        if not crashes:
            return
        leaks = [*Search(work.source).leaks()]
        edits = _edits(work.source, leaks)
        facts = tuple(
            f"{one.path}: {one.function.name.value} takes a session and does not give it back" for one in leaks
        )
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9 if edits else 0.4,
                evidence=(*crash_lines(crashes), *dict.fromkeys(facts)),
                cause="Sessions are not given back to the pool."
                if edits
                else "More sessions are held at once than the pool has.",
                risk=Risk.LOW,
                options=() if edits else _OPTIONS,
            ),
            plans=(_plan(work, edits, crashes),) if edits else (),
            crashes=crashes,
        )


_OPTIONS = (
    "Look for routes that hold a session while they stream, or while they wait for another service.",
    "Restart the process: the sessions that are held are given up.",
    "Enlarge the pool, where that many are really needed at once.",
)


def _edits(source: SourceTree, leaks: Sequence[Leak]) -> tuple[FileEdit, ...]:
    changed: dict[str, cst.Module] = {}
    for leak in leaks:
        module = changed.get(leak.path) or source.module(leak.path)
        result = given_back(module, leak) if module is not None else None
        if result is not None:
            changed[leak.path] = result
    return edits_of(source, changed)


def _plan(work: Workplace, edits: tuple[FileEdit, ...], crashes: Sequence[Crash]) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Give sessions back to the pool",
        explanation="Each is closed when its request is done, whatever happens in it.",
        risk=Risk.LOW,
        edits=edits,
        undo="Revert the commit.",
        proof=Proof(
            text="More requests than the pool has connections are answered, one after another.",
            gone=_PHRASES[:1],
            expect=tuple(_expected(work.evidence.requests, crashes)),
        ),
    )


def _expected(requests: Sequence[WebRequest], crashes: Sequence[Crash]) -> Iterator[Expectation]:
    """Yield the failing request more often than the pool has connections."""
    sizes = [match for crash in crashes for match in _SIZES.findall(crash.last.message)]
    count = max((int(size) + max(int(overflow), 0) for size, overflow in sizes), default=5) + 2
    failing = [one for one in requests if one.status >= _SERVER_FAULT]
    again = next((one for one in (*failing, *requests) if one.method == "GET"), None)
    for one in (*dict.fromkeys(failing), *([again] * min(count, _REQUESTS_MAX) if again else ())):
        yield Expectation(request=one, status=_ANSWERED)
