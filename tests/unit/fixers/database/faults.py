"""Logs as servers print them, and small applications written into a folder."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

from workplace import FolderWorkplace

from naosu.domain.repair import Finding, Plan
from naosu.ports.fixer import Fixer

FIXERS = Path(__file__).resolve().parents[4] / "src" / "naosu" / "fixers"


def crash_log(root: Path, place: str, error: str, *, cause: str = "") -> str:
    """A traceback whose last frame is at a line of the application: ``app.py:db.commit()``."""
    path, _, code = place.partition(":")
    lines = (root / path).read_text().splitlines()
    number = next(index for index, line in enumerate(lines, 1) if code in line)
    head = "Traceback (most recent call last):\n"
    first = f'{head}  File "/x/site-packages/driver.py", line 1, in run\n    go()\n{cause}\n' if cause else ""
    joint = "\nThe above exception was the direct cause of the following exception:\n\n" if cause else ""
    return (
        f'INFO:     127.0.0.1:1 - "POST /x HTTP/1.1" 500 Internal Server Error\nERROR:    Exception in ASGI application\n{first}{joint}'  # noqa: E501
        f'Traceback (most recent call last):\n  File "{root / path}", line {number}, in handler\n    {lines[number - 1].strip()}\n'  # noqa: E501
        f'  File "/x/site-packages/sqlalchemy/engine/base.py", line 1, in execute\n    raise error\n{error}\n'
    )  # fmt: skip


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(textwrap.dedent(text).lstrip("\n"))
    return root


def found(fixer: Fixer, root: Path, log: str) -> list[Finding]:
    return list(fixer.find(FolderWorkplace(root, log)))


def only_plan(findings: list[Finding]) -> Plan:
    assert len(findings) == 1, findings
    assert findings[0].plans, findings[0].diagnosis
    return findings[0].plans[0]


def texts(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(root).as_posix(): path.read_text() for path in files}
