"""A model gained columns that its table does not have."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, Finding, Plan, Risk
from naosu.fixers.database.migrations import migration_plans, new_revision, refused_migrations, state_of
from naosu.fixers.database.plans import schema_plan
from naosu.fixers.database.schema import Held, LeftOver, ModelTable, Schema, schema_of
from naosu.fixers.database.scripts import SqlScript, additive_scripts, bare
from naosu.fixers.database.signs import crash_lines, crashes_with, missing_columns
from naosu.ports.fixer import Workplace

_PHRASES = ("no such column", "has no column named", "column", "unknown column")
_TYPES = (
    "OperationalError",
    "ProgrammingError",
    "UndefinedColumn",
    "UndefinedColumnError",
    "DatabaseError",
    "InternalError",
)
_ALIKE = 0.6


class MissingColumn:
    """Adds to a table the columns that its model has, when adding loses nothing."""

    name = "database_missing_column"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield one finding for each database that lags behind the models that crashed."""
        crashes = [crash for crash in crashes_with(work.evidence, _TYPES, _PHRASES) if missing_columns(crash)]
        if not crashes:
            return
        schema = schema_of(work)
        for url in schema.databases:
            lagging = [(table, held) for table, held in _lagging(schema, url) if _named(table, held, crashes)]
            if lagging:
                yield self._finding(work, url, lagging, crashes)

    def _finding(
        self, work: Workplace, url: str, lagging: Sequence[tuple[ModelTable, Held]], crashes: Sequence[Crash]
    ) -> Finding:
        wanted = {table.table: tuple(one.column for one in held.missing) for table, held in lagging}
        doubts = [doubt for table, held in lagging for doubt in _doubts(table, held)]
        doubts += refused_migrations(state_of(work, url), wanted)
        evidence = (
            *crash_lines(crashes),
            *(
                f"{table} in the database has no column {', '.join(columns)}; its model has"
                for table, columns in wanted.items()
            ),
        )
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.6 if doubts else 0.95,
                evidence=(*evidence, *doubts),
                cause="The models are newer than the database: no migration added their new columns.",
                risk=Risk.HIGH if doubts else Risk.LOW,
                options=_options(doubts),
            ),
            plans=() if doubts else tuple(_plans(work, url, lagging, wanted, crashes)),
            crashes=tuple(crashes),
        )


def _lagging(schema: Schema, url: str) -> Iterator[tuple[ModelTable, Held]]:
    for table in schema.tables:
        held = table.databases.get(url)
        if held and held.exists and held.missing:
            yield table, held


def _named(table: ModelTable, held: Held, crashes: Sequence[Crash]) -> bool:
    """Whether a crash misses a column of this table: by its name, and by the statement that failed."""
    lacking = {one.column.casefold() for one in held.missing}
    for crash in crashes:
        for name in missing_columns(crash):
            owner, _, column = name.casefold().rpartition(".")
            known = owner == table.table.casefold() or any(
                bare(table.table) in one.message.lower() for one in crash.chain
            )
            if column in lacking and known:
                return True
    return False


def _doubts(table: ModelTable, held: Held) -> Iterator[str]:
    """Yield why a person has to decide."""
    for one in held.missing:
        if one.why_not:
            yield f"{table.table}.{one.column} cannot be added by itself: {one.why_not}"
        for other in held.left_over:
            if _is_renamed(one.column, one.affinity, other):
                known = f"{table.table}.{other.column} is in no model"
                yield f"{known}: {one.column} may be its new name, and its values would seem lost"


def _is_renamed(column: str, affinity: str, other: LeftOver) -> bool:
    if affinity != other.affinity:
        return False
    must_be_given = not other.nullable and not other.default
    first, second = column.casefold(), other.column.casefold()
    alike = SequenceMatcher(None, first, second).ratio() >= _ALIKE or first in second or second in first
    return must_be_given or alike


def _options(doubts: Sequence[str]) -> tuple[str, ...]:
    if not doubts:
        return ()
    return (
        "Write the migration by hand: rename the column where it was renamed, or say what rows that exist shall hold.",
        "Take the model's change back until the migration is written.",
    )


def _plans(
    work: Workplace,
    url: str,
    lagging: Sequence[tuple[ModelTable, Held]],
    wanted: dict[str, tuple[str, ...]],
    crashes: Sequence[Crash],
) -> Iterator[Plan]:
    pending = [*migration_plans(work, url, wanted, crashes)]
    if pending:
        yield from pending
        return
    additions = [one for _, held in lagging for one in held.missing]
    undo = [statement for one in reversed(additions) for statement in one.undo]
    script = _script(work, wanted)
    if script is not None:
        yield schema_plan(
            url, script.statements, undo, tables=wanted, crashes=crashes,
            summary=f"Run {script.path}, which adds the missing columns",
            explanation=f"{script.path} is in the tree and was never run on this database. It only adds.",
        )  # fmt: skip
    statements = [statement for one in additions for statement in one.statements]
    notes = "".join(f" {one.column}: {one.note}." for one in additions if one.note)
    columns = ", ".join(f"{table}.{column}" for table, names in wanted.items() for column in names)
    revision = new_revision(work, statements, undo, f"add {columns}"[:60])
    yield schema_plan(
        url, [*statements, *(revision.statements if revision else ())], [*(revision.undo if revision else ()), *undo],
        summary=f"Add {columns} to the database", tables=wanted, crashes=crashes,
        explanation="The models declare these columns, `create_all` never alters a table, and no migration did. Each is"
        f" nullable or has the model's own default, so rows that exist stay valid.{notes}",
        risk=Risk.MEDIUM if notes else Risk.LOW, edits=revision.edits if revision else (),
    )  # fmt: skip


def _script(work: Workplace, wanted: dict[str, tuple[str, ...]]) -> SqlScript | None:
    """Return the script of the tree that adds exactly the missing columns."""
    lacking = {(bare(table), column.lower()) for table, columns in wanted.items() for column in columns}
    return next((one for one in additive_scripts(work.source) if one.columns == lacking and not one.tables), None)
