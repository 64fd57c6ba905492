"""A query is slow because its table has no index for what it looks for."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from naosu.domain.classification import Category
from naosu.domain.evidence import WebRequest
from naosu.domain.repair import Diagnosis, Expectation, Finding, Plan, PlanKind, Proof, Risk, SqlChange
from naosu.fixers.database.migrations import new_revision
from naosu.fixers.database.performance_missing_index.models import model_edit
from naosu.fixers.database.performance_missing_index.predicates import candidates, sought, tables_in, tokens
from naosu.ports.fixer import Workplace

SLOW_S = 0.5
"""From here on a query or an answer is slow."""
GAIN = 0.5
"""An index is kept only if the query takes at most this share of its time with it."""
_PROBE = (Path(__file__).parent / "probe_queries.py").read_text(encoding="utf-8")
_SLOW_LINE = re.compile(
    r"(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|sec|seconds|milliseconds)\b.*?(?P<sql>\b(?:SELECT|WITH)\b.*)",
    re.IGNORECASE,
)
_APPLICATION = ("FastAPI(", "Starlette(", "Flask(")


class Tried(msgspec.Struct, frozen=True):
    """What an index would change: the plan with it, and the seconds."""

    index: tuple[str, ...]
    plan: tuple[str, ...]
    seconds: float


class Query(msgspec.Struct, frozen=True):
    """One statement as it was measured once, all of its rows fetched; `count`: how often the requests ran it."""

    url: str
    dialect: str
    statement: str
    seconds: float
    count: int
    plan: tuple[str, ...]
    columns: dict[str, tuple[str, ...]] = {}
    parameters: Any = None

    @property
    def total_s(self) -> float:
        """Seconds of all of its runs."""
        return self.seconds * self.count


class MissingIndex:
    """Finds slow queries, and the index that mends them: kept only if the plan uses it and the query got faster."""

    name = "performance_missing_index"
    category = Category.PERFORMANCE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield one finding for each slow query that an index makes fast; nothing where none does."""
        lines = _slow_lines(work.evidence.log)
        slow = tuple(one for one in work.baseline.exchanges if one.total_s > SLOW_S and 0 < one.status < 500)  # noqa: PLR2004  # server errors
        requests = tuple(one.request for one in slow) or (work.evidence.requests if lines else ())
        if not requests:
            return
        facts = (*(line[:300] for line in lines), *(f"{one.request.line} took {one.total_s:.2f} s" for one in slow))
        queries = _measured(work, requests)
        for query in [one for one in queries if one.total_s > SLOW_S or (lines and one.total_s > SLOW_S / 5)][:3]:
            indexes = _indexes(query)
            if not indexes:
                continue
            best = _best(query, _tried(work, requests, query, indexes))
            if best is not None:
                yield self._finding(work, query, best, facts, requests)

    def _finding(
        self, work: Workplace, query: Query, best: Tried, facts: tuple[str, ...], requests: tuple[WebRequest, ...]
    ) -> Finding:
        table, *columns = best.index
        evidence = (
            *facts,
            f"{query.seconds:.3f} s for {' '.join(query.statement.split())[:200]}",
            f"its plan: {'; '.join(query.plan)[:200]}",
            f"with an index on {table} ({', '.join(columns)}): {best.seconds:.3f} s, {'; '.join(best.plan)[:200]}",
        )
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95,
                evidence=evidence,
                cause=f"A query looks for rows of {table} by {', '.join(columns)}, and no index leads there.",
                risk=Risk.LOW,
            ),
            plans=tuple(_plans(work, query, best, requests)),
        )


def _slow_lines(log: str) -> tuple[str, ...]:
    """Return the lines that say of a query that it took long."""
    found = []
    for line in log.splitlines():
        match = _SLOW_LINE.search(line)
        if match is None:
            continue
        seconds = float(match["value"]) / (1000 if match["unit"].lower().startswith("m") else 1)
        if seconds > SLOW_S and re.search(r"\bFROM\b", match["sql"], re.IGNORECASE):
            found.append(line.strip())
    return tuple(dict.fromkeys(found))[:5]


def _argument(work: Workplace, requests: Sequence[WebRequest]) -> dict[str, Any]:
    tables = {table for path in work.source.paths() for table in _declared_tables(work.source.text(path) or "")}
    return {
        "modules": [work.source.dotted(path) for path, _ in work.source.modules(*_APPLICATION) if "test" not in path],
        "requests": [_plain(request) for request in requests[:5]],
        "settings": _django_settings(work),
        "tables": sorted(tables),
        "seconds": SLOW_S / 5,
    }


def _measured(work: Workplace, requests: Sequence[WebRequest]) -> list[Query]:
    """Return the application's queries during these requests, the slowest first."""
    answer = work.ask(_PROBE, _argument(work, requests), timeout_s=60.0)
    queries = msgspec.convert(answer.get("queries", []), list[Query])
    return sorted(queries, key=lambda query: -query.total_s)


def _tried(
    work: Workplace, requests: Sequence[WebRequest], query: Query, indexes: Sequence[dict[str, Any]]
) -> list[Tried]:
    """Return what each index would change."""
    trial = {
        "url": query.url, "statement": query.statement, "parameters": query.parameters, "candidates": indexes,
        "seconds_max": query.seconds * GAIN + 0.1,
    }  # fmt: skip
    answer = work.ask(_PROBE, {**_argument(work, requests), "trial": trial}, timeout_s=60.0)
    return msgspec.convert(answer.get("tried", []), list[Tried])


def _declared_tables(text: str) -> list[str]:
    return re.findall(r"__tablename__\s*=\s*[\"'](\w+)[\"']", text)


def _plain(request: WebRequest) -> dict[str, Any]:
    body = request.body.decode("latin-1") if request.body else ""
    return {
        "method": request.method,
        "path": request.path,
        "headers": [list(one) for one in request.headers],
        "body": body,
    }


def _django_settings(work: Workplace) -> str:
    match = re.search(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)", work.source.text("manage.py") or "")
    return match[1] if match else ""


def _scanned(query: Query) -> set[str]:
    """Return the tables that a plan reads from end to end."""
    aliases = tables_in(tokens(query.statement))
    found: set[str] = set()
    for line in query.plan:
        match = re.search(r"\bSCAN (?:TABLE )?(\w+)|Seq Scan on (\w+)|SEARCH (\w+) USING AUTOMATIC", line)
        name = next((group for group in match.groups() if group), "") if match else ""
        if aliases.get(name) and "USING INDEX" not in line.replace("AUTOMATIC", ""):
            found.add(aliases[name])
    return found


def _indexes(query: Query) -> list[dict[str, Any]]:
    """Return the indexes worth trying for a query, with the statements that make, use and drop them."""
    wanted = sought(query.statement, query.columns)
    found = []
    for table in sorted(_scanned(query)):
        for columns in candidates(wanted[table]) if table in wanted else ():
            name = index_name(table, columns)
            analyze = (
                f"ANALYZE TABLE {table}"
                if query.dialect in {"mysql", "mariadb"}
                else f"ANALYZE {_quoted(query, table)}"
            )
            if not set(columns) <= set(query.columns.get(table, columns)):
                continue
            keys = ", ".join(_quoted(query, one) for one in columns)
            found.append({
                "index": [table, *columns],
                "create": f"CREATE INDEX {name} ON {_quoted(query, table)} ({keys})",
                "analyze": analyze,
                "drop": f"DROP INDEX {name}" + (f" ON {table}" if query.dialect in {"mysql", "mariadb"} else ""),
            })  # fmt: skip
    return found[:8]


def index_name(table: str, columns: Sequence[str]) -> str:
    """Return the name that SQLAlchemy gives an index, at most 63 characters."""
    return f"ix_{table}_{'_'.join(columns)}".lower()[:63]


def _quoted(query: Query, name: str) -> str:
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in {"user", "order", "group", "table", "index", "select"}:
        return name
    return f"`{name}`" if query.dialect in {"mysql", "mariadb"} else f'"{name}"'


def _best(query: Query, tries: Sequence[Tried]) -> Tried | None:
    """Return the index that the plan uses and that gains most; of two that gain alike, the narrower one."""
    useful = [
        one
        for one in tries
        if one.seconds <= query.seconds * GAIN
        and any(index_name(one.index[0], one.index[1:]) in line for line in one.plan)
    ]
    if not useful:
        return None
    fastest = min(one.seconds for one in useful)
    return min(
        (one for one in useful if one.seconds <= fastest * 1.15 + 0.005), key=lambda one: (len(one.index), one.seconds)
    )


def _plans(work: Workplace, query: Query, best: Tried, requests: tuple[WebRequest, ...]) -> Iterator[Plan]:
    table, *columns = best.index
    name = index_name(table, columns)
    made = next(one for one in _indexes(query) if one["index"] == list(best.index))
    is_postgres = query.dialect == "postgresql"
    statements = [
        made["create"].replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY") if is_postgres else made["create"]
    ]
    undo = [made["drop"].replace("DROP INDEX", "DROP INDEX CONCURRENTLY") if is_postgres else made["drop"]]
    edits = model_edit(work.source, table, name, tuple(columns))
    up = made["create"].replace("INDEX", "INDEX IF NOT EXISTS", 1)
    revision = new_revision(work, [up], [made["drop"].replace("INDEX", "INDEX IF EXISTS", 1)], f"add {name}")
    marks, unmarks = (revision.statements, revision.undo) if revision else ((), ())
    proof = Proof(
        text=f"The plan uses {name}, and the answer comes in less than {SLOW_S} s with the same content.",
        expect=tuple(
            Expectation(request=request, status=(200, 399), seconds_max=SLOW_S)
            for request in requests[:3]
            if request.method in {"GET", "HEAD"}
        ),
        gone=tuple(re.escape(" ".join(query.statement.split())[:60]) for _ in _slow_lines(work.evidence.log)[:1]),
    )
    for with_edits in ((*edits, *(revision.edits if revision else ())), ()) if edits or revision else ((),):
        yield Plan(
            kind=PlanKind.CODE if with_edits else PlanKind.SQL,
            summary=f"Index {table} by {', '.join(columns)}",
            explanation=f"Measured in a copy: {query.seconds:.3f} s without, {best.seconds:.3f} s with it; the plan"
            f" goes from “{'; '.join(query.plan)[:120]}” to “{'; '.join(best.plan)[:120]}”."
            + (" The model declares it as well, so that a new database gets it." if with_edits else ""),
            risk=Risk.LOW,
            proof=proof,
            undo="DROP INDEX; the commit is reverted.",
            edits=with_edits,
            sql=(
                SqlChange(
                    database=query.url,
                    statements=(*statements, made["analyze"], *(marks if with_edits else ())),
                    undo=(*(unmarks if with_edits else ()), *undo),
                    outside_transaction=is_postgres,
                ),
            ),
            restart=bool(with_edits),
        )
