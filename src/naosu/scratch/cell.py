"""Runs a job in a cell: a process of ours, with which all that it started ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from naosu.scratch.errors import CellFailedError
from naosu.scratch.inside.guard import DISK_EXCEEDED, MEMORY_EXCEEDED

_PROGRAM = "import sys; sys.path.insert(0, {root!r}); from naosu.scratch.inside.main import main; main()"
_EXCEEDED = {MEMORY_EXCEEDED: "memory", DISK_EXCEEDED: "disk space"}
_END_PATIENCE_S = 3.0
_ROOT = str(Path(__file__).resolve().parents[2])


def run_job(job: dict[str, Any], *, wall_s: float) -> dict[str, Any]:
    """Run a job, and return its answers, in which the copy's paths are those of the source.

    Raises:
        CellFailedError: It did not end in time, or broke. Retryable.
    """
    process = subprocess.Popen(  # noqa: S603 -- our own interpreter and program
        [sys.executable, "-I", "-S", "-c", _PROGRAM.format(root=_ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,
    )
    try:
        out, error = process.communicate(json.dumps(job).encode(), timeout=wall_s)
    except subprocess.TimeoutExpired as late:
        raise CellFailedError(f"the scratch copy did not end within {wall_s:.0f} s") from late
    finally:
        _end(process)
    if process.returncode in _EXCEEDED:
        raise CellFailedError(f"the scratch copy was ended: it used more {_EXCEEDED[process.returncode]} than it may")
    if process.returncode or not out:
        raise CellFailedError(f"the cell broke: {error.decode(errors='replace').strip()[-400:]}")
    answers: dict[str, Any] = json.loads(out.replace(job["tree"].encode(), job["source"].encode()))
    return answers


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a cell with all that is in it: it does so itself when it is asked, and is killed when it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
