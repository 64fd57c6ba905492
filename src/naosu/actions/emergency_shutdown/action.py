"""Stopping an application, so that it does no more harm."""

from naosu.actions.commands import is_there, run_or_fail, run_program
from naosu.actions.parameters import Command, Parameters
from naosu.actions.runners import is_running_command, stop_command
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene


class ShutdownParameters(Parameters, frozen=True, kw_only=True):
    """Why, and how.

    Attributes:
        because: Told to people.
        command: Stops it. None: as its restart entry in naosu.yaml says.
    """

    because: str
    command: Command | None = None


class EmergencyShutdown:
    """Stops a unit, container or workload. A person starts it again: Naosu does not know when that is right."""

    name = "emergency_shutdown"
    risk = Risk.HIGH
    reversible = False
    parameters = ShutdownParameters

    def why_not(self, parameters: ShutdownParameters, scene: Scene) -> str:
        """There must be a way to stop it."""
        if parameters.command is not None and not scene.is_operators:
            return "only whoever runs the server may say what is run"
        command = _command(parameters, scene)
        if not command:
            return f"no way to stop {scene.ground.name} is known: give a command"
        return "" if is_there(command[0]) else f"{command[0]} is not installed"

    def is_applied(self, parameters: ShutdownParameters, scene: Scene) -> bool | None:
        """Ask the init system, where there is one."""
        command = is_running_command(scene.ground.restart) if scene.ground.restart else ()
        if parameters.command is not None or not command:
            return None
        return run_program(command, timeout_s=scene.timeout_s).exit_code != 0

    def apply(self, parameters: ShutdownParameters, scene: Scene) -> Done:
        """Stop it."""
        command = _command(parameters, scene)
        run_or_fail(command, timeout_s=scene.timeout_s, folder=scene.ground.source)
        return Done(detail=f"stopped {scene.ground.name}: {parameters.because}")

    def roll_back(self, parameters: ShutdownParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """Leave it stopped."""
        return (f"{scene.ground.name} is stopped: a person starts it again",)


def _command(parameters: ShutdownParameters, scene: Scene) -> tuple[str, ...]:
    if parameters.command is not None:
        return parameters.command
    return stop_command(scene.ground.restart) if scene.ground.restart else ()
