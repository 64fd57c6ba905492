"""Actions, one folder each: what a repair may do to the real world. Found by looking into the folders, never listed.

``actions/<name>/action.py`` holds one class that satisfies `naosu.ports.action.Action`; installed packages may add more
through the entry point group ``naosu.actions``.
"""

import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from naosu.ports.action import Action

ENTRY_POINTS = "naosu.actions"
_HERE = Path(__file__).parent


@cache
def load_actions() -> dict[str, Action]:
    """Return one of each action, by its name."""
    made: list[Action] = [
        kind() for kind in (*_built_in(), *(point.load() for point in entry_points(group=ENTRY_POINTS)))
    ]
    return {action.name: action for action in sorted(made, key=lambda action: action.name)}


def _built_in() -> Iterator[Any]:
    for file in sorted(_HERE.glob("*/action.py")):
        module = importlib.import_module(".".join((__name__, file.parent.name, "action")))
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__ and hasattr(kind, "roll_back"):
                yield kind
