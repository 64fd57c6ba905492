"""A workplace over a folder, for fixers on their own: the log is read, nothing is started."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from shutil import copytree
from typing import Any

from naosu.domain.evidence import CodeFrame, Crash, FaultEvidence, Raised
from naosu.domain.observation import Observation
from naosu.domain.repair import FileEdit
from naosu.scratch.tree import DirectoryTree

FRAME = re.compile(r'  File "(?P<path>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?\n(?:    (?P<code>.+)\n)?')
FAULT_PYTHON = os.environ.get("NAOSU_FAULT_PYTHON", "")


class FolderWorkplace:
    def __init__(self, root: Path, log: str = "", baseline: Observation | None = None) -> None:
        self.root = root
        self.log = log
        self.baseline = baseline or Observation(started=True)
        self.source = DirectoryTree(root)
        self.databases: tuple[str, ...] = ()

    @cached_property
    def evidence(self) -> FaultEvidence:
        return FaultEvidence(crashes=tuple(crashes_in(self.log, self.source.paths())), log=self.log)

    @property
    def given(self) -> FaultEvidence:
        return self.evidence

    def version(self, distribution: str) -> tuple[int, ...] | None:
        return {"sqlalchemy": (2, 1, 9)}.get(distribution.lower())

    def ask(self, script: str, argument: Any = None, *, timeout_s: float = 20.0) -> Mapping[str, Any]:
        if not FAULT_PYTHON:
            return {"error": "no interpreter"}
        with tempfile.TemporaryDirectory() as folder:
            copytree(self.root, Path(folder, "app"))
            command = [FAULT_PYTHON, "-c", script, json.dumps(argument)]
            environment = {**os.environ, "PYTHONPATH": "."}
            done = subprocess.run(
                command,
                check=False,
                cwd=Path(folder, "app"),
                env=environment,
                capture_output=True,
                text=True,
                timeout=timeout_s,
            )
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if done.returncode == 0 and lines else {"error": done.stderr[-2000:]}


def crashes_in(log: str, own: Iterable[str]) -> Iterable[Crash]:
    """Yield a crash for each traceback of a log, its chain in one."""
    blocks = log.split("Traceback (most recent call last):\n")[1:]
    chain: list[Raised] = []
    for block in blocks:
        frames, end = [], 0
        for match in FRAME.finditer(block):
            path = match["path"]
            source_path = next((name for name in own if path == name or path.endswith((f"<app>/{name}", f"/app/{name}"))), "")
            frames.append(
                CodeFrame(
                    path=path,
                    source_path=source_path,
                    line=int(match["line"]),
                    function=match["function"] or "",
                    code=(match["code"] or "").strip(),
                )
            )
            end = match.end()
        rest = re.sub(r"\A(?:\s+[~^|]+[ ~^]*\n)+", "", block[end:])
        head, _, following = rest.partition("\n\n")
        type_, _, message = head.strip().partition(": ")
        chain.append(Raised(type=type_, message=message, frames=tuple(frames)))
        if "direct cause of" not in following and "During handling" not in following:
            yield Crash(chain=tuple(chain))
            chain = []


def put(edits: Iterable[FileEdit], root: Path) -> None:
    """Write edits into a folder, as applying a plan does."""
    for edit in edits:
        file = root / edit.path
        assert (file.read_text() if file.exists() else None) == edit.before
        if edit.after is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(edit.after)
