"""A fixer: recognises one kind of fault, and plans its repair."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import libcst

from naosu.domain.classification import Category
from naosu.domain.evidence import FaultEvidence
from naosu.domain.observation import Observation
from naosu.domain.repair import Finding


class SourceTree(Protocol):
    """The application's files, as they are before a repair. Paths are relative, with slashes."""

    def paths(self, suffix: str = ".py") -> tuple[str, ...]:
        """Return the files with this suffix, sorted: the application's own, without environments and hidden folders."""
        ...

    def text(self, path: str) -> str | None:
        """Return a file's text. None: it is absent, too large, or no text."""
        ...

    def module(self, path: str) -> libcst.Module | None:
        """Return a Python file, parsed. None: it is absent, or does not parse."""
        ...

    def modules(self, *needles: str) -> Iterable[tuple[str, libcst.Module]]:
        """Yield the Python files whose text contains any of these (all of them without needles), parsed."""
        ...

    def find_module(self, dotted: str) -> str | None:
        """Return the path of an importable module of the application, from any of its import roots."""
        ...

    def dotted(self, path: str) -> str:
        """Return the name by which the application imports a file."""
        ...


class Workplace(Protocol):
    """All that a fixer may look at. Nothing that it can do here reaches the real tree."""

    @property
    def source(self) -> SourceTree:
        """The application's files."""
        ...

    @property
    def evidence(self) -> FaultEvidence:
        """What was given, and what the application's own log said when it was run as it is."""
        ...

    @property
    def given(self) -> FaultEvidence:
        """What was given alone: a fault that only a look at healthy answers shows is worth a plan if someone asked."""
        ...

    @property
    def baseline(self) -> Observation:
        """How the application, as it is, started and answered in a scratch copy."""
        ...

    @property
    def databases(self) -> tuple[str, ...]:
        """SQLAlchemy URLs of the application's databases: what was given, else what it says itself, or none."""
        ...

    def version(self, distribution: str) -> tuple[int, ...] | None:
        """Return the version that is installed in the application's own environment. None: it is not there."""
        ...

    def ask(self, script: str, argument: Any = None, *, timeout_s: float = 20.0) -> Mapping[str, Any]:
        """Run a program of ours with the application's interpreter in a scratch copy, and return the JSON it prints.

        The program finds `argument` as JSON in ``sys.argv[1]``, and the application importable.

        Returns:
            The object it printed; ``{"error": text}`` when it failed or printed none.
        """
        ...


class Fixer(Protocol):
    """One kind of fault. An instance has no state; it is made without arguments."""

    name: str
    category: Category

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield what is wrong, as far as this fixer knows it; nothing for a fault that only looks like it."""
        ...
