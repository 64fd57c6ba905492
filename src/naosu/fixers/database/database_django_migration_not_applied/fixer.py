"""Django's models are newer than the database: a migration was not run, or not even written."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk, SqlChange
from naosu.fixers.database.engines import text_of
from naosu.fixers.database.plans import gone_patterns
from naosu.fixers.database.signs import crash_lines, crashes_with, missing_columns, missing_tables
from naosu.fixers.editing import dotted_name, nodes_of
from naosu.ports.fixer import SourceTree, Workplace

_PHRASES = (
    "no such column",
    "no such table",
    "does not exist",
    "doesn't exist",
    "Unknown column",
    "has no column named",
)
_PROBE = (Path(__file__).parent / "probe_django.py").read_text(encoding="utf-8")
_CHECK = """import json, os, subprocess, sys
settings = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS}
runs = [subprocess.run([sys.executable, "manage.py", *words], capture_output=True, text=True, env=settings)
        for words in (["makemigrations", "--check", "--dry-run"], ["migrate", "--check"])]
failed = [run.stdout[-200:] + run.stderr[-200:] for run in runs if run.returncode]
print(json.dumps({"ok": not failed, "detail": " ".join(failed) or "nothing left to migrate"}))
"""


class DjangoMigrationNotApplied:
    """Writes the migration that Django would write without a question, and runs what is pending."""

    name = "database_django_migration_not_applied"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield what is not migrated; without a plan where it does more than add."""
        settings = settings_module(work.source)
        crashes = [
            one
            for one in crashes_with(work.evidence, ("OperationalError", "ProgrammingError"), _PHRASES)
            if missing_columns(one) or missing_tables(one)
        ]
        if not settings or not crashes:
            return
        facts = work.ask(_PROBE, {"settings": settings}, timeout_s=40.0)
        if "error" in facts or not facts.get("pending"):
            return
        refused = [str(one) for one in facts["refused"]]
        pending = ", ".join(facts["pending"])
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.7 if refused else 0.95,
                evidence=(*crash_lines(crashes), f"not run: {pending}", *refused),
                cause="The models changed, and "
                + ("no migration was written for it." if facts["written"] else "the migration for it was not run."),
                risk=Risk.HIGH if refused else Risk.MEDIUM,
                options=_OPTIONS if refused else (),
            ),
            plans=() if refused else (_plan(facts, settings, crashes),),
            crashes=tuple(crashes),
        )


_OPTIONS = (
    "Look at the migration: it removes or alters something, or rows that exist need a value that only a person knows.",
    "Run `manage.py makemigrations` and answer its questions, then `manage.py migrate` after a backup.",
)


def settings_module(source: SourceTree) -> str:
    """Return the settings that ``manage.py`` names. Empty: this is not Django."""
    for path in source.paths():
        module = source.module(path) if path.rpartition("/")[2] == "manage.py" else None
        for call in nodes_of(module, cst.Call) if module else ():
            if dotted_name(call.func).endswith("setdefault") and len(call.args) > 1:
                texts = [text_of(arg.value) for arg in call.args]
                if texts[0] == "DJANGO_SETTINGS_MODULE":
                    return texts[1]
    return ""


def _plan(facts: Mapping[str, Any], settings: str, crashes: Sequence[Crash]) -> Plan:
    edits = tuple(FileEdit(path=path, before=None, after=text) for path, text in sorted(facts["files"].items()))
    pending = ", ".join(facts["pending"])
    written = ", ".join(facts["written"])
    return Plan(
        kind=PlanKind.CODE if edits else PlanKind.SQL,
        summary=f"Migrate {pending}",
        explanation=(f"{written}: written as `makemigrations` does without a question. " if written else "")
        + "It only adds, and rows that exist get the fields' own defaults. The statements are Django's own.",
        risk=Risk.MEDIUM,
        edits=edits,
        sql=(SqlChange(database=str(facts["url"]), statements=tuple(facts["statements"]), undo=tuple(facts["undo"])),),
        undo="The statements of Django's way back; the backup that is taken first; the file is removed.",
        proof=Proof(
            text="`makemigrations --check` and `migrate --check` find nothing, and the failing requests are answered.",
            gone=gone_patterns(crashes),
            script=f"SETTINGS = {settings!r}\n{_CHECK}",
        ),
    )
