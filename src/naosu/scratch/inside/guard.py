"""Watches a cell from outside: all its processes together may not use more memory or disk than was set."""

import contextlib
import os
import select
import signal
import time
from pathlib import Path
from typing import Any

from naosu.scratch.inside import kernel

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LOOK_S = 0.2
_ROUNDS = 50
_RSS_FIELD, _PARENT_FIELD, _THREADS_FIELD = 21, 1, 17
MEMORY_EXCEEDED, DISK_EXCEEDED = 97, 98
"""Exit codes of a cell that was ended because it used too much."""


def watch(child: int, job: dict[str, Any]) -> int:
    """Wait for a cell's first process, and end the cell when it takes too much; returns the exit code."""
    kernel.adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
    limits, folder = job["limits"], job["home"]
    free_bytes = _free_bytes(folder)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            end_descendants()
            return os.waitstatus_to_exitcode(status) & 0xFF
        reason = 0
        if _resident_bytes(child) > limits["memory_all_bytes"]:
            reason = MEMORY_EXCEEDED
        elif free_bytes - _free_bytes(folder) > limits["disk_bytes"]:
            reason = DISK_EXCEEDED
        if reason:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            end_descendants()
            return reason
        _wait(child, _LOOK_S)


def _free_bytes(folder: str) -> int:
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize


def _wait(child: int, wait_s: float) -> None:
    with contextlib.suppress(OSError, AttributeError):  # the latter: this is no Linux
        handle = os.pidfd_open(child)
        try:
            select.select([handle], [], [], wait_s)
        finally:
            os.close(handle)
        return
    time.sleep(wait_s)


def count_threads(user: int) -> int:
    """Return how many threads of a user there are on this machine, as far as it can be seen."""
    count = 0
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                place = Path("/proc", name)
                if place.stat().st_uid == user:
                    count += int((place / "stat").read_text().rpartition(")")[2].split()[_THREADS_FIELD])
    return count


def end_descendants() -> None:
    """Kill all that this process started and that did not end, where no process namespace does it."""
    for _ in range(_ROUNDS):
        processes = _processes()
        below = _below(os.getpid(), processes) - {os.getpid()}
        if not below:
            return
        for number in below:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _resident_bytes(first: int) -> int:
    """Return what a process and all its descendants have in memory, pages that they share counted for each."""
    processes = _processes()
    return sum(processes[number][1] for number in _below(first, processes) if number in processes) * _PAGE_BYTES


def _processes() -> dict[int, tuple[int, int]]:
    """Return the parent and the resident pages of each process that can be seen."""
    parents: dict[int, tuple[int, int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
                parents[int(name)] = int(fields[_PARENT_FIELD]), int(fields[_RSS_FIELD])
    return parents


def _below(first: int, parents: dict[int, tuple[int, int]]) -> set[int]:
    inside = {first}
    grew = True
    while grew:
        more = {number for number, (parent, _) in parents.items() if parent in inside} - inside
        inside |= more
        grew = bool(more)
    return inside
