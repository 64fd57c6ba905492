"""Where a repair is tried before anything real is touched."""

from collections.abc import Sequence
from typing import Any, Protocol

from naosu.domain.evidence import WebRequest
from naosu.domain.observation import Described, Observation
from naosu.domain.repair import Plan


class Laboratory(Protocol):
    """Runs scratch copies of one application, cut off from all but themselves."""

    def describe(self) -> Described:
        """Import the application in a scratch copy, and return what it says of itself; never raises for its faults."""
        ...

    def observe(self, requests: Sequence[WebRequest], plan: Plan | None = None) -> Observation:
        """Make a fresh copy, put the plan in force there, start the application, send the requests, and stop it.

        The plan's own expected requests are sent after `requests`; its script runs last.
        """
        ...

    def ask(self, script: str, argument: Any = None, *, timeout_s: float = 20.0) -> dict[str, Any]:
        """Run a program of ours with the application's interpreter in a copy of the tree as it is (`Workplace.ask`)."""
        ...

    def close(self) -> None:
        """Remove all copies, and end what still runs."""
        ...
