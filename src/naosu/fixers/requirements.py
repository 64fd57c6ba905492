"""What an application says that it needs: a line more in its list of requirements."""

import re
from collections.abc import Collection

from naosu.domain.repair import FileEdit
from naosu.ports.fixer import SourceTree

_NAME = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)")
_LISTS = ("requirements.txt", "requirements/base.txt", "requirements.in", "requirements/base.in")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def with_requirement(source: SourceTree, name: str, *, beside: Collection[str]) -> tuple[FileEdit, ...]:
    """Return the edit that lists one more requirement, in the plain list that has its kin."""
    for path in (*_LISTS, *(one for one in source.paths(".txt") if "requirements" in one)):
        text = source.text(path)
        if text is None:
            continue
        listed = {_normal(match[1]) for line in text.splitlines() if (match := _NAME.match(line))}
        if _normal(name) in listed:
            return ()
        if listed & {_normal(one) for one in beside}:
            gap = "" if not text or text.endswith("\n") else "\n"
            return (FileEdit(path=path, before=text, after=f"{text}{gap}{name}\n"),)
    return ()
