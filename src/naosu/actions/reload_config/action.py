"""Letting an application read its configuration again: by a signal, by HTTP, or as its init system does it."""

import os
import signal
from pathlib import Path
from typing import Annotated, Literal

import psutil
from msgspec import Meta

from naosu.actions.commands import run_or_fail, run_program
from naosu.actions.errors import ActionFailedError
from naosu.actions.outbound import call
from naosu.actions.parameters import Command, Parameters
from naosu.actions.runners import reload_command
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene

_STARTED_LATER_S = 2.0
_GOOD = range(200, 300)


class ReloadParameters(Parameters, frozen=True, kw_only=True):
    """At most one of these ways; without any, the restart entry of naosu.yaml says how.

    Attributes:
        pid_file: Holds the id of the process that gets the signal.
        url: Is called.
        check: A command that succeeds only if the new configuration is valid (``nginx -t``).
    """

    pid_file: str = ""
    signal: Literal["HUP", "USR1", "USR2"] = "HUP"
    url: Annotated[str, Meta(pattern=r"^(https?://\S+)?$")] = ""
    method: Literal["POST", "PUT", "GET"] = "POST"
    check: Command | None = None


class ReloadConfig:
    """Reloads; undoing it is reloading once more, after whoever changed the configuration has put it back."""

    name = "reload_config"
    risk = Risk.MEDIUM
    reversible = True
    parameters = ReloadParameters

    def why_not(self, parameters: ReloadParameters, scene: Scene) -> str:
        """There must be one way to reload, and the new configuration must be valid."""
        if parameters.pid_file and parameters.url:
            return "a pid file and a url are two ways: one is wanted"
        runner = scene.ground.restart
        if not (parameters.pid_file or parameters.url or (runner is not None and reload_command(runner))):
            return f"no way to reload {scene.ground.name} is known: give pid_file or url"
        if parameters.pid_file and isinstance(found := _process(parameters.pid_file), str):
            return found
        if parameters.check is not None:
            ran = run_program(parameters.check, timeout_s=scene.timeout_s, folder=scene.ground.source)
            return f"the configuration is not valid: {ran.last_line[:300]}" if ran.exit_code else ""
        return ""

    def is_applied(self, parameters: ReloadParameters, scene: Scene) -> bool | None:
        """Whether a process has read its configuration cannot be told from outside."""
        return None

    def apply(self, parameters: ReloadParameters, scene: Scene) -> Done:
        """Reload."""
        if parameters.pid_file:
            process = _process(parameters.pid_file)
            if isinstance(process, str):
                raise ActionFailedError(process)
            os.kill(process.pid, getattr(signal, f"SIG{parameters.signal}"))
            return Done(detail=f"sent SIG{parameters.signal} to process {process.pid}")
        if parameters.url:
            answer = call(
                parameters.method, parameters.url, timeout_s=scene.timeout_s, private_hosts=scene.private_hosts
            )
            if answer.status not in _GOOD:
                raise ActionFailedError(f"asked to reload, it answered {answer.status}")
            return Done(detail=f"asked it to reload: {answer.status}")
        command = reload_command(scene.ground.restart) if scene.ground.restart else ()
        run_or_fail(command, timeout_s=scene.timeout_s, folder=scene.ground.source)
        return Done(detail=f"reloaded: {' '.join(command)}")

    def roll_back(self, parameters: ReloadParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """Reload the configuration that is there again by now."""
        if why := self.why_not(parameters, scene):
            return (f"the configuration was not read again: {why}",)
        self.apply(parameters, scene)
        return ()


def _process(pid_file: str) -> psutil.Process | str:
    """Return the process that wrote a pid file, or why there is none: an id may have gone to another one since."""
    path = Path(pid_file)
    try:
        pid, written_at_s = int(path.read_text().split()[0]), path.stat().st_mtime
        process = psutil.Process(pid)
    except (OSError, ValueError, IndexError):
        return f"{pid_file} holds no process id"
    except psutil.NoSuchProcess:
        return f"the process of {pid_file} is gone"
    if pid <= 1 or process.create_time() > written_at_s + _STARTED_LATER_S:
        return f"the process of {pid_file} is gone, and its id is another's"
    return process
