"""Writers of one SQLite file give up instead of waiting for each other."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.database_sqlite_locked.plain import django_edits, plain_edits
from naosu.fixers.database.blocks import define_after, parsed
from naosu.fixers.database.engines import EngineCall, edits_of, engine_calls, text_of, url_text
from naosu.fixers.database.plans import gone_patterns
from naosu.fixers.database.signs import crash_lines, crashes_with
from naosu.fixers.editing import nodes_of, replace_nodes, with_import
from naosu.ports.fixer import SourceTree, Workplace

_WAIT_S = 30
_SHORT_S = 5.0
_PROBE = (Path(__file__).parents[2] / "database" / "probe_waiting.py").read_text(encoding="utf-8")


class SqliteLocked:
    """Lets SQLite write ahead, so that readers are not held up, and lets writers wait."""

    name = "database_sqlite_locked"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield engines and connections that give up; nothing where they wait: then a transaction is too long."""
        crashes = crashes_with(work.evidence, (), ("database is locked", "database table is locked"))
        if not crashes:
            return
        engines = [one for one in engine_calls(work.source) if _is_file(work.source, one)]
        edits = _engine_edits(work.source, engines) or plain_edits(work.source) or django_edits(work)
        facts = tuple(f"{one.path} makes an engine on a SQLite file" for one in engines)
        if not edits:
            return
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9,
                evidence=(*crash_lines(crashes), *facts),
                cause="Several writers meet on one SQLite file, and do not wait long enough for each other.",
                risk=Risk.LOW,
                options=("Move to a server database if many processes write all the time.",),
            ),
            plans=(_plan(work, edits, engines, crashes),),
            crashes=crashes,
        )


def _is_file(source: SourceTree, engine: EngineCall) -> bool:
    url = url_text(source, engine)
    return not url or (url.startswith("sqlite") and ":memory:" not in url and not url.endswith("://"))


def _plan(
    work: Workplace, edits: tuple[FileEdit, ...], engines: Sequence[EngineCall], crashes: Sequence[Crash]
) -> Plan:
    modules = sorted({work.source.dotted(one.path) for one in engines if one.is_top_level})
    return Plan(
        kind=PlanKind.CODE,
        summary="Let writers of the SQLite file wait for each other",
        explanation=f"Write-ahead logging lets readers and one writer work at once; others wait up to {_WAIT_S} s for"
        " their turn instead of failing.",
        risk=Risk.LOW,
        edits=edits,
        undo="Revert the commit, and set `PRAGMA journal_mode=DELETE` once: the mode is kept in the file.",
        proof=Proof(
            text="While one writer holds the file for a second, a reader reads, and a second writer waits and writes.",
            gone=gone_patterns(crashes),
            script=f"CLAIM = { ({'modules': modules})!r}\n{_PROBE}" if modules else "",
        ),
    )


def _engine_edits(source: SourceTree, engines: Sequence[EngineCall]) -> tuple[FileEdit, ...]:
    changed: dict[str, cst.Module] = {}
    for path in sorted({one.path for one in engines}):
        module = source.module(path)
        if module is not None:
            changed[path] = _in_file(module, [one for one in engines if one.path == path])
    return edits_of(source, changed)


def _in_file(module: cst.Module, engines: Sequence[EngineCall]) -> cst.Module:
    """Raise waits that are too short, and set on every connection what is not set there yet."""
    code = module.code
    changed = replace_nodes(module, _longer_waits(module, engines))
    waits = "busy_timeout" in code or any(_timeout(one) is not None for one in engines)
    pragmas = [] if waits else [f"PRAGMA busy_timeout={_WAIT_S * 1000}"]
    if "journal_mode=wal" not in code.lower().replace(" ", ""):
        pragmas.append("PRAGMA journal_mode=WAL")
    if not pragmas:
        return changed
    for engine in engines:
        changed = _with_listener(module, changed, engine, pragmas)
    return changed


def _with_listener(module: cst.Module, changed: cst.Module, engine: EngineCall, pragmas: Sequence[str]) -> cst.Module:
    lines = "\n".join(f'    cursor.execute("{pragma}")' for pragma in pragmas)
    statement = engine.statement
    if not engine.name or statement is None:
        return changed
    target = f"{engine.name}.sync_engine" if engine.is_async else engine.name
    changed, event = with_import(changed, "sqlalchemy", "event")
    text = (
        f'@{event}.listens_for({target}, "connect")\ndef let_writers_wait(connection, _record):\n'
        f"    cursor = connection.cursor()\n{lines}\n    cursor.close()\n"
    )
    here = next((one for one in nodes_of(changed, cst.SimpleStatementLine) if _makes(changed, one, engine)), None)
    if here is None:
        return changed
    return define_after(changed, here, parsed(module, text), is_top_level=engine.is_top_level)


def _makes(module: cst.Module, line: cst.SimpleStatementLine, engine: EngineCall) -> bool:
    part = line.body[0]
    if isinstance(part, cst.Assign) and isinstance(part.value, cst.Call):
        same = module.code_for_node(part.targets[0].target) == engine.name
        return same and part.value.func.deep_equals(engine.call.func)
    return isinstance(part, cst.AnnAssign) and module.code_for_node(part.target) == engine.name


def _timeout(engine: EngineCall) -> cst.DictElement | None:
    """Return the wait among an engine's connection arguments."""
    arguments = engine.argument("connect_args")
    if isinstance(arguments, cst.Dict):
        for element in arguments.elements:
            if isinstance(element, cst.DictElement) and text_of(element.key) == "timeout":
                return element
    return None


def _longer_waits(module: cst.Module, engines: Sequence[EngineCall]) -> dict[cst.CSTNode, cst.CSTNode]:
    found: dict[cst.CSTNode, cst.CSTNode] = {}
    for engine in engines:
        element = _timeout(engine)
        value = element.value if element is not None else None
        if isinstance(value, cst.Integer | cst.Float) and float(value.value.replace("_", "")) < _SHORT_S:
            found[value] = cst.Integer(str(_WAIT_S))
    for string in nodes_of(module, cst.SimpleString):
        text = text_of(string).replace(" ", "")
        wait_ms = text.partition("busy_timeout=")[2].rstrip(";")
        if wait_ms.isdigit() and int(wait_ms) < _SHORT_S * 1000:
            found[string] = cst.SimpleString(f'"PRAGMA busy_timeout={_WAIT_S * 1000}"')
        elif "journal_mode=" in text.lower() and "wal" not in text.lower():
            found[string] = cst.SimpleString('"PRAGMA journal_mode=WAL"')
    return found
