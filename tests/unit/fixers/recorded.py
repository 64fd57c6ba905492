"""A workplace over a sample application whose run was recorded: nothing is started, nothing is asked."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from naosu.domain.evidence import FaultEvidence, WebRequest
from naosu.domain.observation import Exchange, Observation
from naosu.repair.reading import join_evidence, read_log
from naosu.scratch.tree import DirectoryTree


class RecordedWorkplace:
    def __init__(self, root: Path, recorded: Mapping[str, Any]) -> None:
        self.source = DirectoryTree(root)
        self.given = read_log(recorded["given"], self.source)
        ran = read_log(recorded["log"], self.source)
        self.evidence: FaultEvidence = join_evidence(self.given, ran)
        self.baseline = Observation(
            started=recorded["started"],
            log=recorded["log"],
            crashes=ran.crashes,
            exchanges=tuple(exchange_from(one) for one in recorded["exchanges"]),
        )
        self.databases: tuple[str, ...] = ()

    def version(self, distribution: str) -> tuple[int, ...] | None:
        return None

    def ask(self, script: str, argument: Any = None, *, timeout_s: float = 20.0) -> Mapping[str, Any]:
        return {"error": "nothing is asked"}


def exchange_from(recorded: Mapping[str, Any]) -> Exchange:
    body = recorded["body"]
    request = WebRequest(
        method=recorded["method"],
        path=recorded["path"],
        headers=tuple((name, value) for name, value in recorded["headers"]),
        body=None if body is None else body.encode(),
    )
    return Exchange(
        request=request,
        status=recorded["status"],
        error=recorded["error"],
        headers=tuple((name, value) for name, value in recorded["answer"]),
        body=recorded["text"].encode(),
    )


def recorded_in(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def files_in(root: Path) -> dict[str, str]:
    """Return path and text of the files below a folder."""
    found = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_text() for path in found}
