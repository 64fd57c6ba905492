"""Pooled connections that the database has closed are handed out untested."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.database_pg_stale_connections.frameworks import django_edits, flask_edits, psycopg_edits
from naosu.fixers.database.engines import EngineCall, edits_of, engine_calls, url_text
from naosu.fixers.database.plans import gone_patterns
from naosu.fixers.database.signs import crash_lines, crashes_with
from naosu.fixers.editing import dotted_name, replace_nodes, with_argument
from naosu.ports.fixer import SourceTree, Workplace

_PHRASES = (
    "server closed the connection unexpectedly", "terminating connection due to", "SSL connection has been closed",
    "connection already closed", "the connection is closed", "connection was closed in the middle of operation",
    "server has gone away", "Lost connection to MySQL server during query", "connection has been closed unexpectedly",
    "underlying connection is closed", "connection is closed",
)  # fmt: skip
_TYPES = (
    "OperationalError", "InterfaceError", "DBAPIError", "AdminShutdown", "ConnectionDoesNotExistError", "InternalError",
    "DatabaseError", "InternalClientError", "ConnectionFailure", "IdleSessionTimeout",
)  # fmt: skip
_RECYCLE_S = "1800"
_PROBE = (Path(__file__).parents[2] / "database" / "probe_cut.py").read_text(encoding="utf-8")


class StaleConnections:
    """Lets pools test a connection before they hand it out."""

    name = "database_pg_stale_connections"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield pools that do not test their connections; nothing where all of them do."""
        crashes = crashes_with(work.evidence, _TYPES, _PHRASES)
        if not crashes:
            return
        untested = [one for one in engine_calls(work.source) if _is_untested(work.source, one)]
        edits = (
            _engine_edits(work.source, untested)
            or flask_edits(work.source)
            or django_edits(work.source)
            or psycopg_edits(work.source)
        )
        if not edits:
            return
        facts = tuple(f"{one.path} makes an engine whose pool does not test its connections" for one in untested)
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9,
                evidence=(*crash_lines(crashes), *facts),
                cause="The pool handed out a connection that the database, or a firewall on the way, had closed.",
                risk=Risk.LOW,
            ),
            plans=(_plan(work, edits, untested, crashes),),
            crashes=crashes,
        )


def _is_untested(source: SourceTree, engine: EngineCall) -> bool:
    pool = engine.argument("poolclass")
    tested = engine.argument("pool_pre_ping")
    if dotted_name(pool).endswith(("NullPool", "StaticPool")) or dotted_name(tested) == "True" or engine.has_options:
        return False
    return not url_text(source, engine).startswith("sqlite")


def _engine_edits(source: SourceTree, engines: Sequence[EngineCall]) -> tuple[FileEdit, ...]:
    changed: dict[str, cst.Module] = {}
    for path in {one.path for one in engines}:
        module = source.module(path)
        if module is not None:
            changed[path] = replace_nodes(module, {one.call: _tested for one in engines if one.path == path})
    return edits_of(source, changed)


def _tested(node: cst.CSTNode) -> cst.CSTNode:
    if not isinstance(node, cst.Call):
        return node
    call = with_argument(node, "pool_pre_ping", cst.Name("True"))
    if any(arg.keyword and arg.keyword.value == "pool_recycle" for arg in call.args):
        return call
    return with_argument(call, "pool_recycle", cst.Integer(_RECYCLE_S))


def _plan(
    work: Workplace, edits: tuple[FileEdit, ...], engines: Sequence[EngineCall], crashes: Sequence[Crash]
) -> Plan:
    modules = sorted({work.source.dotted(one.path) for one in engines if one.is_top_level})
    return Plan(
        kind=PlanKind.CODE,
        summary="Test pooled connections before they are used",
        explanation="A connection that was closed meanwhile (a restart of the database, a failover, an idle limit) is"
        " noticed when it is taken from the pool, and replaced.",
        risk=Risk.LOW,
        edits=edits,
        undo="Revert the commit.",
        proof=Proof(
            text="A pooled connection is cut on purpose, and the next use of the pool works.",
            gone=gone_patterns(crashes),
            script=f"CLAIM = { ({'modules': modules})!r}\n{_PROBE}" if modules else "",
        ),
    )
