"""A SQLite connection is used in another thread than the one that opened it."""

from collections.abc import Iterator, Sequence

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.database_sqlite_thread_check.connections import (
    attribute_edits,
    global_edits,
    locked_edits,
    request_edits,
)
from naosu.fixers.database.plans import gone_patterns
from naosu.fixers.database.signs import crash_lines, crashes_with
from naosu.ports.fixer import Workplace

_PHRASES = ("SQLite objects created in a thread can only be used in that same thread",)

_WHY_ONE_EACH = (
    "A connection holds one transaction: threads that share it would commit and roll back each other's work."
)


class SqliteThreadCheck:
    """Gives every thread a connection of its own; one request's own connection may move between threads."""

    name = "database_sqlite_thread_check"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield the connections that threads share."""
        crashes = crashes_with(work.evidence, ("ProgrammingError",), _PHRASES)
        if not crashes:
            return
        plans = [
            _plan(edits, crashes, summary, why)
            for edits, summary, why in (
                (
                    global_edits(work.source),
                    "Give every thread a SQLite connection of its own",
                    _WHY_ONE_EACH,
                ),
                (
                    attribute_edits(work.source),
                    "Give every thread a SQLite connection of its own",
                    _WHY_ONE_EACH,
                ),
                (
                    request_edits(work.source),
                    "Let a request's SQLite connection move between threads",
                    "The connection belongs to one request, which runs in one thread at a time.",
                ),
                (
                    locked_edits(work.source),
                    "Let threads use the SQLite connection one after another",
                    "The database is in memory, so there is only one connection to it.",
                ),
            )
            if edits
        ]
        if not plans:
            return
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9,
                evidence=crash_lines(crashes),
                cause="Requests run in several threads, and share a SQLite connection that was opened in one of them.",
                risk=Risk.LOW,
            ),
            plans=tuple(plans),
            crashes=crashes,
        )


def _plan(edits: tuple[FileEdit, ...], crashes: Sequence[Crash], summary: str, why: str) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary=summary,
        explanation=why,
        risk=Risk.LOW,
        edits=edits,
        undo="Revert the commit.",
        proof=Proof(text="Requests from several threads are answered.", gone=gone_patterns(crashes)),
    )
