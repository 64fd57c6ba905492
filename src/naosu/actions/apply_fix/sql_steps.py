"""Statements of a plan: which may run at all, how they run, and how they are undone."""

from collections.abc import Sequence
from pathlib import Path

from naosu.actions.apply_fix import server_database, sqlite_database
from naosu.actions.apply_fix.additions import additions_of
from naosu.actions.apply_fix.databases import backend_of, database_state, sqlite_path
from naosu.actions.apply_fix.journal import Journal, SqlStep
from naosu.domain.repair import SqlChange


def steps_for_sql(changes: Sequence[SqlChange], source: Path, journal: Journal) -> tuple[SqlStep, ...]:
    """Return the steps that run the statements, and store the databases' backups."""
    steps: list[SqlStep] = []
    for number, change in enumerate(changes):
        path, backup = sqlite_path(change.database, source), f"database-{number}.sqlite"
        has_backup = path is not None and sqlite_database.back_up(path, journal.folder / backup)
        step = SqlStep(
            change=change,
            number=number,
            before=database_state(change, source),
            is_first=change.database not in {earlier.database for earlier in changes[:number]},
            backup=backup if has_backup else "",
        )
        steps.append(step)
    return tuple(steps)


def do_sql(step: SqlStep, source: Path, journal: Journal) -> None:
    """Run the statements, and note what the file holds then."""
    change, path = step.change, sqlite_path(step.change.database, source)
    additions = additions_of(change.statements, backend_of(change.database))
    if path is None:
        server_database.run(change, additions, step.before if step.is_first else None, journal.mark)
        return
    sqlite_database.run(path, additions, step.before if step.is_first else None)
    journal.note("ran", f"sql {step.number}", detail=sqlite_database.content_sha256(path))


def undo_sql(step: SqlStep, source: Path, journal: Journal) -> tuple[str, ...]:
    """Undo what was run of them, and return what has to stay."""
    change, path = step.change, sqlite_path(step.change.database, source)
    additions = additions_of(change.statements, backend_of(change.database))
    if path is None:
        server_database.end_orphans(change, journal.mark)
    now = database_state(change, source)
    if not step.before.differences(now, change.database):
        return ()
    if path is None:
        return server_database.undo(change, additions, step.before, now)
    copy = journal.folder / step.backup if step.backup else None
    ran = [event.detail for event in journal.events() if (event.what, event.step) == ("ran", f"sql {step.number}")]
    is_untouched = bool(ran and ran[-1] and ran[-1] == sqlite_database.content_sha256(path))
    lines = sqlite_database.undo(path, additions, step.before, copy)
    if is_untouched and copy and step.before.differences(database_state(change, source), change.database):
        sqlite_database.restore(path, copy)
        return ()
    return lines
