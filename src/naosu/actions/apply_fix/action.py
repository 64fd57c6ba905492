"""Putting a plan in force, as one action among others."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from naosu.actions.apply_fix.apply import apply_plan
from naosu.actions.apply_fix.errors import PlanVoidError
from naosu.actions.apply_fix.modes import Branch, Commit, InPlace, Mode
from naosu.actions.apply_fix.resume import is_in_force, reopen
from naosu.actions.errors import ActionFailedError
from naosu.actions.parameters import Parameters
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene


class FixParameters(Parameters, frozen=True, kw_only=True):
    """How the plan is put in force.

    Attributes:
        branch: For `how` = ``branch``: its name.
    """

    how: Literal["commit", "in_place", "branch"] = "commit"
    branch: Annotated[str, Meta(max_length=200)] = ""


class ApplyFix:
    """Changes code, settings and databases as a plan says; undone, all is what it was, by hash, or it is named."""

    name = "apply_fix"
    risk = Risk.HIGH
    reversible = True
    parameters = FixParameters

    def why_not(self, parameters: FixParameters, scene: Scene) -> str:
        """There must be a plan, and a source tree."""
        if scene.plan is None:
            return "there is no plan"
        return "" if scene.ground.source else f"naosu.yaml names no source of {scene.ground.name}"

    def is_applied(self, parameters: FixParameters, scene: Scene) -> bool | None:
        """Ask the journals: a plan that was interrupted is not in force, and `resume` undoes it."""
        return is_in_force(scene.backup_dir, scene.plan.key) is not None if scene.plan else None

    def apply(self, parameters: FixParameters, scene: Scene) -> Done:
        """Put it in force, all of it or nothing."""
        if scene.plan is None:
            raise ActionFailedError(self.why_not(parameters, scene))
        if (folder := is_in_force(scene.backup_dir, scene.plan.key)) is not None:
            raise PlanVoidError(f"the plan is in force already: {folder.name}")
        how: dict[str, Mode] = {"commit": Commit(), "in_place": InPlace(), "branch": Branch(parameters.branch)}
        source = Path(scene.ground.source)
        applied = apply_plan(source, scene.plan, mode=how[parameters.how], backup_dir=scene.backup_dir)
        applied.release()
        return Done(detail=scene.plan.summary, undo={"folder": str(applied.folder)}, notes=applied.notes)

    def roll_back(self, parameters: FixParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """Make everything what it was."""
        applied = reopen(Path(done.undo["folder"]))
        return applied.roll_back().left if applied else ("the plan is not in force any more, or another works on it",)
