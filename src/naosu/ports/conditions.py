"""Preconditions of playbooks, in CEL, evaluated on live metrics."""

from collections.abc import Mapping
from typing import Any, Protocol


class Conditions(Protocol):
    """Reads and evaluates conditions; each is one expression that is true or false."""

    def check(self, text: str) -> None:
        """Refuse what can never be evaluated. Raises InvalidInputError with the place in the text."""
        ...

    def holds(self, text: str, facts: Mapping[str, Any]) -> bool | None:
        """Say whether a condition holds on these facts. None: it cannot be told; that stops a repair as *false* does.

        Args:
            text: The condition.
            facts: Metrics by name.
        """
        ...
