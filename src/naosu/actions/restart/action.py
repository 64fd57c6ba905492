"""Starting an application anew, as its entry in naosu.yaml says."""

from naosu.actions.commands import is_there, run_or_fail
from naosu.actions.errors import ActionFailedError
from naosu.actions.parameters import Parameters
from naosu.actions.runners import restart_command, wait_command
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene


class RestartParameters(Parameters, frozen=True, kw_only=True):
    """It has none: how it is done is written in naosu.yaml."""


class Restart:
    """Restarts a command, systemd unit, docker container or kubectl workload. What ran before cannot be had back."""

    name = "restart"
    risk = Risk.MEDIUM
    reversible = False
    parameters = RestartParameters

    def why_not(self, parameters: RestartParameters, scene: Scene) -> str:
        """There must be a way to restart, and its program."""
        runner = scene.ground.restart
        if runner is None:
            return f"naosu.yaml says no way to restart {scene.ground.name}"
        program = restart_command(runner)[0]
        return "" if is_there(program) else f"{program} is not installed"

    def is_applied(self, parameters: RestartParameters, scene: Scene) -> bool | None:
        """Whether this attempt's restart was the last one cannot be told."""
        return None

    def apply(self, parameters: RestartParameters, scene: Scene) -> Done:
        """Restart, and wait until it runs."""
        runner = scene.ground.restart
        if runner is None:
            raise ActionFailedError(self.why_not(parameters, scene))
        command = restart_command(runner)
        run_or_fail(command, timeout_s=scene.timeout_s, folder=scene.ground.source)
        if waiting := wait_command(runner, timeout_s=scene.timeout_s):
            run_or_fail(waiting, timeout_s=scene.timeout_s + 5)
        return Done(detail=f"restarted: {' '.join(command)}")

    def roll_back(self, parameters: RestartParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """A restart cannot be undone."""
        return ("the processes that ran before are gone",)
