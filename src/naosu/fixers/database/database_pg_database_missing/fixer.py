"""The database that the application is told to use was never created on its server."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk, SqlChange
from naosu.fixers.database.creating import create_all_uses
from naosu.fixers.database.engines import engine_calls, url_text
from naosu.fixers.database.migrations import ask_alembic, migrations_folder
from naosu.fixers.database.plans import gone_patterns
from naosu.fixers.database.schema import Schema, schema_of
from naosu.fixers.database.signs import crash_lines, crashes_with
from naosu.ports.fixer import SourceTree, Workplace

_PHRASES = ('database "', "Unknown database '")
_NAME = (re.compile(r'database "([^"]+)" does not exist'), re.compile(r"Unknown database '([^']+)'"))
_PROBE = (Path(__file__).parents[1] / "probe_server.py").read_text(encoding="utf-8")
_SPOKEN = re.compile(
    r"(?:postgres|mysql)[\w+]*://[^\s/]+/([\w-]+)|(?:POSTGRES_DB|MYSQL_DATABASE)\s*[:=]\s*([\w-]+)", re.IGNORECASE
)
_OF_THE_SERVER = {"postgres", "template0", "template1", "mysql", "sys", "information_schema", "performance_schema"}
_ALIKE = 0.8


class DatabaseMissing:
    """Creates the database, and its tables where the application does not make them itself."""

    name = "database_pg_database_missing"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield the database that is missing; without a plan when its name looks like a mistake."""
        crashes = [one for one in crashes_with(work.evidence, (), _PHRASES) if _missing(one)]
        for name in dict.fromkeys(_missing(one) for one in crashes):
            mine = [one for one in crashes if _missing(one) == name]
            url = _url(work, name)
            facts = _server(work, url) if url else {"error": "its URL is not known"}
            yield self._finding(work, name, url, facts, mine)

    def _finding(
        self, work: Workplace, name: str, url: str, facts: Mapping[str, Any], crashes: Sequence[Crash]
    ) -> Finding:
        others = [str(one) for one in facts.get("databases", ()) if one not in _OF_THE_SERVER]
        known = [one for one in (*others, *sorted(_spoken_of(work.source))) if one != name]
        alike = get_close_matches(name, known, 1, _ALIKE)
        options: tuple[str, ...] = ()
        evidence = [f"the server has: {', '.join(others)}"] if others else []
        evidence += [str(facts["error"])] if "error" in facts else []
        if alike:
            evidence.append(f"{alike[0]} is called almost alike")
            options = (f"Correct the URL, if {alike[0]} is meant.", f"Create {name}, if it is not.")
        can = "error" not in facts and not alike and name not in facts.get("databases", ())
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.6 if alike else 0.95,
                evidence=(*crash_lines(crashes), *(str(one)[:300] for one in evidence)),
                cause=f"Nobody created the database {name} on its server.",
                risk=Risk.MEDIUM,
                options=options if can or options else ("Create it, or correct the URL that names it.",),
            ),
            plans=(_plan(work, url, facts, crashes),) if can else (),
            crashes=tuple(crashes),
        )


def _missing(crash: Crash) -> str:
    text = "\n".join(raised.message for raised in crash.chain)
    return next((match[1] for pattern in _NAME if (match := pattern.search(text))), "")


def _server(work: Workplace, url: str) -> Mapping[str, Any]:
    """Return what is known of the server: its databases, where it may be asked for them, and how names are quoted."""
    made = make_url(url)
    mark = '"' if made.get_backend_name() == "postgresql" else "`"
    admin = made.set(database="postgres" if mark == '"' else "")
    name = made.database or ""
    facts = work.ask(_PROBE, {"url": url})
    return {
        "databases": facts.get("databases", ()),
        "name": name,
        "quoted": f"{mark}{name.replace(mark, mark * 2)}{mark}",
        "admin": admin.render_as_string(hide_password=False),
    }


def _spoken_of(source: SourceTree) -> set[str]:
    """Return the names of databases that the tree's settings speak of."""
    found: set[str] = set()
    for suffix in (".yml", ".yaml", ".toml", ".ini", ".cfg", ".env", ".example"):
        for path in source.paths(suffix):
            text = source.text(path) or ""
            found.update(match[1] or match[2] for match in _SPOKEN.finditer(text))
    return found


def _url(work: Workplace, name: str) -> str:
    """Return the URL that names the database: as it was given, or as the source says it."""
    known = [*work.databases, *(url_text(work.source, one) for one in engine_calls(work.source))]
    return next((url for url in known if re.search(rf"/{re.escape(name)}(\?|$)", url)), "")


def _plan(work: Workplace, url: str, facts: Mapping[str, Any], crashes: Sequence[Crash]) -> Plan:
    created = SqlChange(
        database=str(facts["admin"]),
        statements=(f"CREATE DATABASE {facts['quoted']}",),
        undo=(f"DROP DATABASE {facts['quoted']}",),
        outside_transaction=True,
    )
    tables = _tables(work, url)
    changes = (created, SqlChange(database=url, statements=tables)) if tables else (created,)
    return Plan(
        kind=PlanKind.SQL,
        summary=f"Create the database {facts['name']}",
        explanation="The server is there and lets us in; only this database is missing."
        + (
            " Its tables are made as the application declares them."
            if tables
            else " The application makes its own tables."
        ),
        risk=Risk.MEDIUM,
        sql=changes,
        undo="DROP DATABASE, as long as nothing was written to it.",
        proof=Proof(text="The application starts and answers.", gone=gone_patterns(crashes)),
    )


def _tables(work: Workplace, url: str) -> tuple[str, ...]:
    """Return the statements that make the tables, when nothing in the application does."""
    if [*create_all_uses(work.source)]:
        return ()
    if migrations_folder(work.source):
        answer = ask_alembic(work, "state", url, fresh=True)
        return tuple(str(one) for one in answer.get("statements", ()))
    return _declared(schema_of(work), url)


def _declared(schema: Schema, url: str) -> tuple[str, ...]:
    held = [table.databases[url] for table in schema.tables if url in table.databases]
    return tuple(statement for one in held for statement in one.statements)
