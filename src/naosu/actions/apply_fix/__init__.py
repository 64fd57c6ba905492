"""The action that puts a plan in force: files, git, settings and databases, each with a way back that is proved.

`apply_plan` writes its intent to a journal before each step, so that `resume` can end what a crash interrupted.
"""

from naosu.actions.apply_fix.apply import Applied, RolledBack, apply_plan
from naosu.actions.apply_fix.errors import PlanFailedError, PlanRefusedError, PlanVoidError
from naosu.actions.apply_fix.modes import Branch, Commit, InPlace, Mode, PatchFile
from naosu.actions.apply_fix.resume import Ending, Resumed, forget, reopen, resume, undo_plan
from naosu.actions.apply_fix.state import State, state_of

__all__ = [
    "Applied",
    "Branch",
    "Commit",
    "Ending",
    "InPlace",
    "Mode",
    "PatchFile",
    "PlanFailedError",
    "PlanRefusedError",
    "PlanVoidError",
    "Resumed",
    "RolledBack",
    "State",
    "apply_plan",
    "forget",
    "reopen",
    "resume",
    "state_of",
    "undo_plan",
]
