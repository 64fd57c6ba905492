"""A target: one application that Naosu may repair, as its entry in naosu.yaml names it."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from naosu.domain.observation import Observation
from naosu.domain.repair import Check, Finding, Plan, Tried, Verdict
from naosu.domain.repair_policy import Ground


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that was tried in a scratch copy, with what its repair is measured against.

    Attributes:
        baselines: The application as it was then, observed twice at least.
    """

    finding: Finding
    tried: Tried
    baselines: tuple[Observation, ...]


class InForce(Protocol):
    """A plan in force on a target."""

    def keep(self) -> None:
        """Say that it stays."""
        ...

    def roll_back(self) -> tuple[str, ...]:
        """Make everything what it was, and return what is not, a line each."""
        ...


class Target(Protocol):
    """One application, and the only hand that touches it."""

    ground: Ground

    def examine(self, payload: bytes) -> Sequence[Trial]:
        """Diagnose an event's fault, and try what would mend it, in scratch copies. The best of each finding only."""
        ...

    def state(self, plan: Plan) -> str:
        """Return a hash over everything that the plan touches, as it is now."""
        ...

    def apply(self, plan: Plan) -> InForce:
        """Put a plan in force, and start the application anew where there is a way to.

        Raises:
            NaosuError: It is not in force, and nothing has changed unless the error says so.
        """
        ...

    def measure(self, trial: Trial) -> tuple[Verdict, tuple[Check, ...]]:
        """Measure the application with the plan in force against what it was before."""
        ...

    def restart(self) -> str:
        """Start the application anew, and return what went wrong. Empty: nothing, or there is no way to."""
        ...

    def recover(self, plan: Plan) -> tuple[str, ...]:
        """Undo what of a plan a process that died has put in force, and return what is not as it was before."""
        ...
