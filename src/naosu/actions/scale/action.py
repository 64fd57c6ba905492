"""Changing how many instances of an application run: by kubectl, or by a command of the operator's."""

from typing import Annotated

from msgspec import Meta

from naosu.actions.commands import run_or_fail
from naosu.actions.errors import ActionFailedError
from naosu.actions.parameters import Command, Parameters
from naosu.actions.runners import count_command, scale_command
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene

_GROWTH_MAX = 4


class ScaleParameters(Parameters, frozen=True, kw_only=True):
    """How many, and how.

    Attributes:
        command: Sets the number; ``{count}`` stands for it. None: by kubectl.
        count_command: Prints the number that is set. None: by kubectl, else naosu.yaml's `instances` is believed.
    """

    count: Annotated[int, Meta(ge=1, le=1_000)]
    command: Command | None = None
    count_command: Command | None = None


class Scale:
    """Sets the number of instances, at most to four times what it is; undone, it is what it was."""

    name = "scale"
    risk = Risk.MEDIUM
    reversible = True
    parameters = ScaleParameters

    def why_not(self, parameters: ScaleParameters, scene: Scene) -> str:
        """There must be a way to scale, and the step must not be too large."""
        if not _command(parameters, scene, parameters.count):
            return f"no way to scale {scene.ground.name} is known: give a command"
        if parameters.command is not None and not scene.is_operators:
            return "only whoever runs the server may say what is run"
        now = _count(parameters, scene)
        if parameters.count > max(now, 1) * _GROWTH_MAX:
            return f"{parameters.count} instances are more than {_GROWTH_MAX} times the {now} that run"
        return ""

    def is_applied(self, parameters: ScaleParameters, scene: Scene) -> bool | None:
        """Ask how many are wanted now."""
        return _count(parameters, scene) == parameters.count if _asks(parameters, scene) else None

    def apply(self, parameters: ScaleParameters, scene: Scene) -> Done:
        """Set the number."""
        before = _count(parameters, scene)
        run_or_fail(
            _command(parameters, scene, parameters.count), timeout_s=scene.timeout_s, folder=scene.ground.source
        )
        return Done(detail=f"from {before} to {parameters.count} instances", undo={"count": str(before)})

    def roll_back(self, parameters: ScaleParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """Set the number that it was; not if somebody else has set another one since."""
        now = _count(parameters, scene) if _asks(parameters, scene) else parameters.count
        if now != parameters.count:
            return (f"{now} instances are wanted by now, for somebody has changed it: left as it is",)
        command = _command(parameters, scene, int(done.undo["count"]))
        run_or_fail(command, timeout_s=scene.timeout_s, folder=scene.ground.source)
        return ()


def _command(parameters: ScaleParameters, scene: Scene, count: int) -> tuple[str, ...]:
    if parameters.command is not None:
        return tuple(part.replace("{count}", str(count)) for part in parameters.command)
    return scale_command(scene.ground.restart, count) if scene.ground.restart else ()


def _asks(parameters: ScaleParameters, scene: Scene) -> tuple[str, ...]:
    if parameters.count_command is not None or scene.ground.restart is None:
        return parameters.count_command or ()
    return count_command(scene.ground.restart)


def _count(parameters: ScaleParameters, scene: Scene) -> int:
    command = _asks(parameters, scene)
    if not command:
        return scene.ground.instances
    said = run_or_fail(command, timeout_s=scene.timeout_s, folder=scene.ground.source).last_line.strip()
    if not said.isdigit():
        raise ActionFailedError(f"{command[0]} printed no number of instances: {said[:100]}")
    return int(said)
