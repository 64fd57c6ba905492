"""Puts the places of a cell where a job only names them: only the cell knows where its copy can be seen."""

from typing import Any

TREE = "\x00"
"""Stands for the place of the scratch copy in all texts of a job's steps."""


def put_places(job: dict[str, Any]) -> dict[str, Any]:
    """Return a job whose steps name the real place of the copy."""
    return {**job, "steps": _put(job["steps"], job["place"])}


def _put(value: Any, place: str) -> Any:
    if isinstance(value, str):
        return value.replace(TREE, place)
    if isinstance(value, list):
        return [_put(item, place) for item in value]
    if isinstance(value, dict):
        return {name: _put(item, place) for name, item in value.items()}
    return value
