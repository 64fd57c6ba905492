"""Plans that change a database's schema, made alike by all fixers that do."""

import re
from collections.abc import Mapping, Sequence

from naosu.domain.evidence import Crash
from naosu.domain.repair import FileEdit, Plan, PlanKind, Proof, Risk, SqlChange
from naosu.fixers.database.schema import presence_script


def gone_patterns(crashes: Sequence[Crash]) -> tuple[str, ...]:
    """Return patterns of what these crashes said first, which must be gone from the log."""
    firsts = (crash.last.message.strip().splitlines()[:1] for crash in crashes)
    said = (re.sub(r"0x[0-9a-f]+|\d{6,}", "\0", first[0][:200]) for first in firsts if first)
    return tuple(dict.fromkeys(re.escape(text).replace(re.escape("\0"), r"(?:0x)?[0-9a-f]+") for text in said))


def schema_plan(
    url: str,
    statements: Sequence[str],
    undo: Sequence[str],
    *,
    summary: str,
    explanation: str,
    crashes: Sequence[Crash],
    tables: Mapping[str, tuple[str, ...]],
    risk: Risk = Risk.LOW,
    edits: tuple[FileEdit, ...] = (),
) -> Plan:
    """Return a plan that runs statements which only add, and is proven by what the database holds then."""
    names = ", ".join(f"{table} ({', '.join(columns)})" if columns else table for table, columns in tables.items())
    return Plan(
        kind=PlanKind.CODE if edits else PlanKind.SQL,
        summary=summary,
        explanation=explanation,
        risk=risk,
        edits=edits,
        sql=(SqlChange(database=url, statements=tuple(statements), undo=tuple(undo)),),
        undo="The statements in reverse: the schema is what it was then; the backup that is taken first holds it too.",
        proof=Proof(
            text=f"The database holds {names}, and the requests that failed for it are answered.",
            gone=gone_patterns(crashes),
            script=presence_script(url, tables),
        ),
    )
