"""Statements of a plan: which may run at all, how they run, and how they are undone."""

from pathlib import Path

from naosu.actions.apply_fix.errors import PlanRefusedError
from naosu.actions.apply_fix.journal import Journal, SqlStep
from naosu.domain.repair import SqlChange


def step_for_sql(change: SqlChange, source: Path, number: int, journal: Journal) -> SqlStep:
    """Return the step that runs the statements, and store the database's backup."""
    raise PlanRefusedError("databases cannot be changed yet")


def do_sql(step: SqlStep, source: Path) -> None:
    """Run the statements."""


def undo_sql(step: SqlStep, source: Path, journal: Journal) -> tuple[str, ...]:
    """Undo what was run of them."""
    return ()
