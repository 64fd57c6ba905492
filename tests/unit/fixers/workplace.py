"""A workplace over a folder, for fixers on their own: the log is read, nothing is started."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from shutil import copytree
from typing import Any

from naosu.domain.evidence import FaultEvidence
from naosu.domain.observation import Observation
from naosu.domain.repair import FileEdit
from naosu.repair.reading import read_log
from naosu.scratch.tree import DirectoryTree

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
        return read_log(self.log, self.source)

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
