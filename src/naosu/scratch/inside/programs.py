"""Programs that a cell starts: confined, logged to a file, and ended with all that they started."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from naosu.scratch.inside.confine import confine

_LOG_BYTES_MAX = 4_000_000
_END_PATIENCE_S = 2.0


class Program:
    """One program that runs.

    Attributes:
        code: Its exit code, once it ended; negative: the signal.
    """

    def __init__(
        self,
        job: dict[str, Any],
        argv: Sequence[str],
        environment: dict[str, str],
        cwd: str,
        *,
        name: str,
        separate: bool = False,
    ) -> None:
        folder = Path(job["logs"])
        self._log_path = folder / f"{name}-{time.monotonic_ns()}.log"
        self._out_path = self._log_path.with_suffix(".out") if separate else self._log_path
        self.code: int | None = None
        try:
            with self._log_path.open("ab") as log, self._out_path.open("ab") as out:
                self._process = subprocess.Popen(  # noqa: S603 -- what the job names, confined
                    argv,
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=lambda: confine(job),  # noqa: PLW1509 -- a cell has one thread
                )
        except (OSError, subprocess.SubprocessError) as error:
            raise OSError(f"{argv[0]} could not be started: {error}") from error

    def runs(self) -> bool:
        """Whether it did not end yet."""
        self.code = self._process.poll()
        return self.code is None

    def wait(self, wait_s: float) -> bool:
        """Wait for its end; False: it had not ended in time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.code = self._process.wait(wait_s)
        return self.code is not None

    def stop(self, wait_s: float) -> None:
        """Ask it to end, and end it if it does not."""
        if self.runs():
            self._process.terminate()
            self.wait(wait_s)
        self.end()

    def end(self) -> None:
        """End it and its whole session."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.wait(_END_PATIENCE_S)

    def log_bytes(self) -> int:
        """How much it wrote so far."""
        return self._log_path.stat().st_size

    def log(self, start: int = 0) -> str:
        """Return what it wrote since; the middle of a very long text is left out."""
        return _read(self._log_path, start)

    def out(self) -> str:
        """Return its standard output, where that is apart."""
        return _read(self._out_path, 0)

    def wait_until_quiet(self, quiet_s: float, patience_s: float) -> None:
        """Wait until nothing more was written for a moment: servers log after they answered."""
        deadline = time.monotonic() + patience_s
        seen, since = self.log_bytes(), time.monotonic()
        while (now := time.monotonic()) < deadline and now - since < quiet_s:
            time.sleep(0.005)
            if (size := self.log_bytes()) != seen:
                seen, since = size, time.monotonic()


def clean_environment(job: dict[str, Any], more: dict[str, str]) -> dict[str, str]:
    """Return an environment without anything of ours."""
    return {
        "PATH": job["path"],
        "LANG": "C.UTF-8",
        "HOME": job["home"],
        "TMPDIR": job["tmp"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        **more,
    }


def _read(path: Path, start: int) -> str:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(start)
        if size - start <= _LOG_BYTES_MAX:
            return file.read().decode(errors="replace")
        head = file.read(_LOG_BYTES_MAX // 2)
        file.seek(-_LOG_BYTES_MAX // 2, os.SEEK_END)
        return f"{head.decode(errors='replace')}\n[…]\n{file.read().decode(errors='replace')}"
