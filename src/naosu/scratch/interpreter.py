"""Guesses with which Python an application runs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_ENVIRONMENTS = (".venv", "venv", "env", ".env")


def find_interpreter(source: Path, *, python: Path | None, named: str, needs: str) -> Path:
    """Return the interpreter that was given, else the first that can import what the application needs.

    Args:
        source: The source tree, whose own environment comes first.
        python: What was given.
        named: The first word of the start command, or empty.
        needs: A module that it must have: the web framework. Empty: any will do.
    """
    if python is not None:
        return absolute(python)
    candidates = list(dict.fromkeys(_candidates(source, named)))
    for candidate in candidates:
        if not needs or _can_import(candidate, needs):
            return candidate
    return candidates[0]


def absolute(python: Path) -> Path:
    """Return an interpreter's absolute path, its links kept: a venv's own link is what makes it the venv's."""
    found = python if python.is_absolute() or "/" in str(python) else Path(shutil.which(str(python)) or python)
    return Path(os.path.abspath(found))


def _candidates(source: Path, named: str) -> Iterator[Path]:
    for folder in (source, source.parent):
        for name in _ENVIRONMENTS:
            if (folder / name / "bin" / "python").exists():
                yield absolute(folder / name / "bin" / "python")
        if (folder / ".git").exists():
            break
    if (active := os.environ.get("VIRTUAL_ENV")) and (Path(active) / "bin" / "python").exists():
        yield absolute(Path(active) / "bin" / "python")
    if "python" in Path(named).name and shutil.which(named):
        yield absolute(Path(named))
    for name in ("python3", "python"):
        if found := shutil.which(name):
            yield absolute(Path(found))
    yield absolute(Path(sys.executable))


def _can_import(python: Path, module: str) -> bool:
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, timeout=20, check=False, cwd="/")  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
