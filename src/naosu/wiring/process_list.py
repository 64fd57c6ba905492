"""The processes of the server that works on a data folder, as seen by any process of the same user."""

from datetime import UTC, datetime
from pathlib import Path

import psutil

from naosu.api.context import ProcessInfo
from naosu.wiring.child import Kind


class ProcessList:
    """Looks at the supervisor that holds the folder, and at its children.

    Keeps what it saw, so that processor time between two looks can be told.
    """

    def __init__(self, data: Path) -> None:
        self._lock = data / "naosu.lock"
        self._known: dict[int, psutil.Process] = {}

    def look(self) -> list[ProcessInfo]:
        """Return what runs now; empty when no server does."""
        supervisor = self._supervisor()
        if supervisor is None:
            return []
        infos: list[ProcessInfo] = []
        for process in [supervisor, *_children(supervisor)]:
            known = self._known.setdefault(process.pid, process)
            info = _describe(known, is_supervisor=process.pid == supervisor.pid)
            if info is not None:
                infos.append(info)
        self._known = {info.pid: self._known[info.pid] for info in infos}
        return infos

    def _supervisor(self) -> psutil.Process | None:
        try:
            pid = int(self._lock.read_text() or 0)
            return psutil.Process(pid) if pid else None
        except (OSError, ValueError, psutil.Error):
            return None


def _children(supervisor: psutil.Process) -> list[psutil.Process]:
    try:
        return supervisor.children()
    except psutil.Error:
        return []


def _describe(process: psutil.Process, *, is_supervisor: bool) -> ProcessInfo | None:
    try:
        with process.oneshot():
            times = process.cpu_times()
            return ProcessInfo(
                name="supervisor" if is_supervisor else kind_in(process.cmdline()),
                pid=process.pid,
                cpu_percent=process.cpu_percent(),
                cpu_seconds=round(times.user + times.system, 2),
                rss_bytes=process.memory_info().rss,
                started_at=datetime.fromtimestamp(process.create_time(), UTC),
            )
    except psutil.Error:
        return None


def kind_in(command_line: list[str]) -> str:
    """Return what a process of a server does, by its command line; empty when that does not say."""
    kinds = {str(kind) for kind in Kind}
    return next((word for word in command_line if word in kinds), "")
