"""Fixers, one folder each: found by looking into the folders, never listed.

``fixers/<kind>/<name>/fixer.py`` holds one class that satisfies `naosu.ports.fixer.Fixer`; installed packages may add
more through the entry point group ``naosu.fixers``.
"""

import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from naosu.ports.fixer import Fixer

ENTRY_POINTS = "naosu.fixers"
_HERE = Path(__file__).parent


@cache
def load_fixers() -> tuple[Fixer, ...]:
    """Return one of each fixer, by name."""
    made = [kind() for kind in (*_built_in(), *(point.load() for point in entry_points(group=ENTRY_POINTS)))]
    return tuple(sorted(made, key=lambda fixer: fixer.name))


def _built_in() -> Iterator[type[Fixer]]:
    for file in sorted(_HERE.glob("*/*/fixer.py")):
        module = importlib.import_module(".".join((__name__, file.parent.parent.name, file.parent.name, "fixer")))
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__ and hasattr(kind, "find") and hasattr(kind, "category"):
                yield cast("type[Fixer]", kind)
