"""Programs, run without a shell: bounded in time and output, and ended with all that they started."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from naosu.actions.errors import ActionFailedError

OUTPUT_BYTES_MAX = 65_536
_PATIENCE_S = 5.0
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "TMPDIR", "KUBECONFIG", "DOCKER_HOST",
              "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")  # fmt: skip


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What a program came to.

    Attributes:
        output: The end of what it wrote, standard error included.
    """

    exit_code: int
    output: str

    @property
    def last_line(self) -> str:
        """The last that it said."""
        return next((line for line in reversed(self.output.splitlines()) if line.strip()), "")


def run_program(
    command: Sequence[str],
    *,
    timeout_s: float,
    folder: str | Path = "",
    environment: Mapping[str, str] | None = None,
) -> Ran:
    """Run a program to its end. Of Naosu's own environment it sees only what programs need to run, no secrets.

    Raises:
        ActionFailedError: It could not be started, or was ended because its time was up.
    """
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell; the operator names the program
                list(command),
                cwd=folder or None,
                env=passed | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ActionFailedError(f"{command[0]} cannot be started: {error.strerror}") from error
        try:
            exit_code = process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise ActionFailedError(f"{command[0]} was ended, for it took longer than {timeout_s:g} s") from error
        finally:
            _end(process)
        return Ran(exit_code=exit_code, output=_tail(output))


def run_or_fail(command: Sequence[str], *, timeout_s: float, folder: str | Path = "") -> Ran:
    """Run a program to its end, which must be a success.

    Raises:
        ActionFailedError: It was none.
    """
    ran = run_program(command, timeout_s=timeout_s, folder=folder)
    if ran.exit_code:
        raise ActionFailedError(f"{command[0]} ended with {ran.exit_code}: {ran.last_line[:300]}")
    return ran


def is_there(program: str) -> bool:
    """Say whether a program can be run."""
    return shutil.which(program) is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the program's own session; a daemon that took another goes on."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None and number is signal.SIGTERM:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)


def _tail(output: IO[bytes]) -> str:
    end = output.seek(0, os.SEEK_END)
    output.seek(max(0, end - OUTPUT_BYTES_MAX))
    return output.read().decode(errors="replace")
