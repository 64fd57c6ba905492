"""Programs that are run with the application's own interpreter."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

_TEXT_MAX = 2000


def ask_argv(python: Path, script: str, argument: Any) -> list[str]:
    """Return the command that runs a script; it finds the argument as JSON in ``sys.argv[1]``."""
    return [str(python), "-c", script, json.dumps(argument)]


def describe_argv(python: Path, target: str, framework: str, argv: Sequence[str]) -> list[str]:
    """Return the command by which an application says what it is.

    Where it is started with a ``module:name`` of its own, that is what is imported.
    """
    named = next(
        (word for word in argv[1:] if ":" in word and word.replace(":", "").replace(".", "").isidentifier()), ""
    )
    script = files("naosu.scratch").joinpath("describing.py").read_text()
    return ask_argv(python, script, {"target": named or target, "framework": framework})


def read_json(done: dict[str, Any]) -> dict[str, Any]:
    """Return the last JSON object that a program printed; ``{"error": text}`` when it failed or printed none."""
    if done["error"] or not done["answers"]:
        return {"error": done["error"] or "it did not run"}
    ran = done["answers"][-1]
    for line in reversed(ran["out"].strip().splitlines()):
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict):
            return told
    try:
        whole = json.loads(ran["out"])
    except ValueError:
        whole = None
    if isinstance(whole, dict):
        return whole
    if not ran["in_time"]:
        return {"error": "it did not end in time"}
    return {"error": ran["error"].strip()[-_TEXT_MAX:] or f"it printed no object, and ended with {ran['code']}"}
