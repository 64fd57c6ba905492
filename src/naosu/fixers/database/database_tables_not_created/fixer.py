"""Nothing made the tables of the models."""

from collections.abc import Iterator, Sequence

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.database.creating import create_all_uses
from naosu.fixers.database.database_tables_not_created.in_vain import context_edit, memory_edit
from naosu.fixers.database.database_tables_not_created.startup import Edit, startup_edits
from naosu.fixers.database.migrations import migration_plans, refused_migrations, state_of
from naosu.fixers.database.plans import gone_patterns, schema_plan
from naosu.fixers.database.schema import ModelTable, Schema, schema_of
from naosu.fixers.database.scripts import additive_scripts, bare
from naosu.fixers.database.signs import crash_lines, crashes_with, missing_tables
from naosu.ports.fixer import Workplace

_PHRASES = ("no such table", 'relation "', "doesn't exist")
_OWN_CARE = {"external", "is_view", "view", "managed", "skip_autogenerate", "readonly", "read_only"}


class TablesNotCreated:
    """Makes the application create the tables of its models, in the way in which it means to."""

    name = "database_tables_not_created"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield what keeps tables from being made; nothing for tables that the application does not declare."""
        yield from self._without_context(work)
        crashes = [crash for crash in crashes_with(work.evidence, (), _PHRASES) if missing_tables(crash)]
        if not crashes or work.source.text("manage.py") is not None:
            return
        named = {bare(name) for crash in crashes for name in missing_tables(crash)}
        schema = schema_of(work)
        missing = [table for table in schema.tables if bare(table.table) in named]
        if missing:
            yield from self._of_models(work, schema, missing, crashes)
        else:
            yield from self._of_scripts(work, schema, named, crashes)

    def _diagnosis(
        self, crashes: Sequence[Crash], cause: str, *facts: str, options: tuple[str, ...] = (), confidence: float = 0.9
    ) -> Diagnosis:
        return Diagnosis(
            fixer=self.name, category=self.category, confidence=confidence, evidence=(*crash_lines(crashes), *facts),
            cause=cause, risk=Risk.LOW, options=options,
        )  # fmt: skip

    def _of_models(
        self, work: Workplace, schema: Schema, missing: Sequence[ModelTable], crashes: Sequence[Crash]
    ) -> Iterator[Finding]:
        memory = memory_edit(work.source)
        if memory is not None:
            yield self._finding(crashes, memory, [])
            return
        urls = [url for url in schema.databases if any(_lacks(table, url) for table in missing)]
        if not urls or any(held.exists for table in missing for held in table.databases.values()):
            return
        own_care = [reason for table in missing for reason in _kept_elsewhere(table, urls[0])]
        state = state_of(work, urls[0])
        wanted: dict[str, tuple[str, ...]] = {table.table: () for table in missing}
        refused = refused_migrations(state, wanted)
        if own_care or refused or len(urls) > 1:
            reasons = (*own_care, *refused, *((f"several databases lack it: {len(urls)}",) if len(urls) > 1 else ()))
            cause = "A table of a model is missing, and who makes it is for a person to say."
            options = ("Run the migration, or ask whoever owns that schema, for the table.",)
            yield Finding(
                diagnosis=self._diagnosis(crashes, cause, *reasons, options=options, confidence=0.5),
                crashes=tuple(crashes),
            )
            return
        plans = [*migration_plans(work, urls[0], wanted, crashes)]
        if plans:
            cause = "Migrations that make the table were never run on this database."
            yield Finding(diagnosis=self._diagnosis(crashes, cause), plans=tuple(plans), crashes=tuple(crashes))
            return
        edits = [] if state is not None else startup_edits(work.source, missing, [*create_all_uses(work.source)])
        by_hand = _by_hand(schema, urls[0], missing, crashes)
        cause = edits[0].cause if edits else "Nothing that runs makes the table."
        facts = tuple(f"{table.module}.{table.name} declares {table.table}" for table in missing if table.name)
        yield Finding(
            diagnosis=self._diagnosis(crashes, cause, *facts, *(edits[0].facts if edits else ())),
            plans=(*(_code_plan(edit, crashes) for edit in edits), by_hand),
            crashes=tuple(crashes),
        )

    def _finding(self, crashes: Sequence[Crash], edit: Edit, plans: Sequence[Plan]) -> Finding:
        return Finding(
            diagnosis=self._diagnosis(crashes, edit.cause, *edit.facts),
            plans=(_code_plan(edit, crashes), *plans),
            crashes=tuple(crashes),
        )

    def _of_scripts(
        self, work: Workplace, schema: Schema, named: set[str], crashes: Sequence[Crash]
    ) -> Iterator[Finding]:
        """Yield the script of the tree that makes the tables, for applications without models."""
        urls = [*dict.fromkeys([*work.databases, *schema.databases])]
        scripts = [one for one in additive_scripts(work.source) if named <= one.tables]
        if len(urls) != 1 or len(scripts) != 1:
            return
        script = scripts[0]
        plan = schema_plan(
            urls[0], script.statements, [f"DROP TABLE {name}" for name in sorted(script.tables)], crashes=crashes,
            tables=dict.fromkeys(sorted(named), ()), summary=f"Run {script.path}, which makes the tables",
            explanation=f"{script.path} is in the tree and was never run on this database. It only adds.",
        )  # fmt: skip
        cause = f"{script.path}, which makes the table, was never run on this database."
        yield Finding(diagnosis=self._diagnosis(crashes, cause), plans=(plan,), crashes=tuple(crashes))

    def _without_context(self, work: Workplace) -> Iterator[Finding]:
        crashes = [
            crash
            for crash in crashes_with(work.evidence, ("RuntimeError",), ("outside of application context",))
            if any("create_all" in frame.code for frame in crash.own_frames)
        ]
        if crashes and (edit := context_edit(work.source)) is not None:
            yield self._finding(crashes, edit, [])


def _by_hand(schema: Schema, url: str, missing: Sequence[ModelTable], crashes: Sequence[Crash]) -> Plan:
    lacking = _related(schema, url, missing)
    return schema_plan(
        url,
        [statement for table in lacking for statement in table.databases[url].statements],
        [statement for table in reversed(lacking) for statement in table.databases[url].undo],
        crashes=crashes,
        tables={table.table: table.columns for table in lacking},
        summary=f"Create {', '.join(table.table for table in lacking)}",
        explanation="The statements are what the models' own metadata says. They help this database only: code that"
        " makes tables on a new one is still missing.",
    )


def _code_plan(edit: Edit, crashes: Sequence[Crash]) -> Plan:
    return Plan(
        kind=PlanKind.CODE, summary=edit.summary, explanation=f"{edit.cause} {edit.why}", risk=Risk.LOW,
        edits=edit.edits,
        undo="Revert the commit; tables that were made stay, empty or not.",
        proof=Proof(
            text="The application starts, the missing table is not spoken of any more, and the requests are answered.",
            gone=gone_patterns(crashes),
        ),
    )  # fmt: skip


def _lacks(table: ModelTable, url: str) -> bool:
    held = table.databases.get(url)
    return held is not None and not held.exists


def _kept_elsewhere(table: ModelTable, url: str) -> Iterator[str]:
    """Yield why a table is not the application's to make."""
    if _OWN_CARE.intersection(table.info):
        yield f"{table.table} says of itself that it is kept elsewhere: {', '.join(table.info)}"
    if "." in table.table:
        yield f"{table.table} is in a schema of its own"
    if (held := table.databases.get(url)) and held.is_view:
        yield f"{table.table} is a view"


def _related(schema: Schema, url: str, missing: Sequence[ModelTable]) -> list[ModelTable]:
    """Return the missing tables, and those of their collections that are missing as well: they may refer to them."""
    metadata = {table.metadata for table in missing}
    return [
        table
        for table in schema.tables
        if table.metadata in metadata and _lacks(table, url) and not [*_kept_elsewhere(table, url)]
    ]
