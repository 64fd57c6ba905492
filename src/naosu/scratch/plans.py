"""Puts a plan in force in a scratch copy."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from naosu.domain.repair import Plan
from naosu.scratch.inside.places import TREE

_SECRET_MODE = 0o600


def put_edits(plan: Plan, tree: Path) -> None:
    """Write the plan's files into a copy; one that would lie outside of it is left out, and its absence shows."""
    for edit in plan.edits:
        place = tree / edit.path
        if not place.resolve().is_relative_to(tree.resolve()):
            continue
        if edit.after is None:
            place.unlink(missing_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(edit.after, newline="")
        if edit.is_secret:
            place.chmod(_SECRET_MODE)


def sqlite_steps(plan: Plan | None, source: Path) -> list[dict[str, Any]]:
    """Return the steps that run the plan's statements on the SQLite files of a copy."""
    if plan is None:
        return []
    return [
        {"do": "sql", "file": file, "statements": list(change.statements)}
        for change in plan.sql
        if (file := sqlite_file(change.database, source)) is not None
    ]


def sqlite_file(url: str, source: Path) -> str | None:
    """Return where a SQLite URL's file lies in a copy. None: it is none."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    path = Path(os.path.normpath(source / parsed.database.removeprefix("file:").partition("?")[0]))
    return f"{TREE}/{path.relative_to(source)}" if path.is_relative_to(source) else str(path)


def relative_to_source(url: str, cwd: str) -> str:
    """Return a SQLite URL whose relative path begins at the source tree; the application runs in ``cwd``."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return url
    path = parsed.database
    if parsed.get_backend_name() != "sqlite" or not path or path.startswith((":", "/", "file:")) or cwd == ".":
        return url
    moved = parsed.set(database=os.path.normpath(f"{cwd}/{path}"))
    return moved.render_as_string(hide_password=False)
