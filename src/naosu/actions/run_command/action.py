"""Running a program: its arguments as they are, without a shell unless the operator wrote the line."""

from naosu.actions.commands import Ran, is_there, run_program
from naosu.actions.errors import ActionFailedError
from naosu.actions.parameters import Command, Parameters
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene


class RunParameters(Parameters, frozen=True, kw_only=True):
    """One of `command` and `shell`.

    Attributes:
        command: The program and its arguments.
        shell: A line for /bin/sh: only in a playbook of the operator's own.
        undo: Undoes it. None: nothing does.
        check: Succeeds when it is done already.
    """

    command: Command | None = None
    shell: str = ""
    undo: Command | None = None
    check: Command | None = None


class RunCommand:
    """Runs a program in the source tree; undone only where a command for that is given."""

    name = "run_command"
    risk = Risk.HIGH
    reversible = False
    parameters = RunParameters

    def why_not(self, parameters: RunParameters, scene: Scene) -> str:
        """Exactly one way, and only operators write lines for a shell."""
        if bool(parameters.shell) == bool(parameters.command):
            return "one of command and shell is wanted"
        if not scene.is_operators:
            return "only whoever runs the server may say what is run"
        program = _command(parameters)[0]
        return "" if is_there(program) else f"{program} is not installed"

    def is_applied(self, parameters: RunParameters, scene: Scene) -> bool | None:
        """Ask the command that was given for it."""
        if parameters.check is None:
            return None
        return _run(parameters.check, scene).exit_code == 0

    def apply(self, parameters: RunParameters, scene: Scene) -> Done:
        """Run it; any exit code but 0 is a failure."""
        if why := self.why_not(parameters, scene):
            raise ActionFailedError(why)
        command = _command(parameters)
        ran = _run(command, scene)
        if ran.exit_code:
            raise ActionFailedError(f"{command[0]} ended with {ran.exit_code}: {ran.last_line[:300]}")
        return Done(detail=f"ran {command[0]}: {ran.last_line[:300]}")

    def roll_back(self, parameters: RunParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """Run the command that undoes it, where there is one."""
        if parameters.undo is None:
            return (f"what {_command(parameters)[0]} did stays: no command undoes it",)
        ran = _run(parameters.undo, scene)
        return (f"{parameters.undo[0]} ended with {ran.exit_code}: {ran.last_line[:300]}",) if ran.exit_code else ()


def _command(parameters: RunParameters) -> tuple[str, ...]:
    return parameters.command or ("/bin/sh", "-c", parameters.shell)


def _run(command: tuple[str, ...], scene: Scene) -> Ran:
    own = {"NAOSU_ATTEMPT": scene.key}
    return run_program(command, timeout_s=scene.timeout_s, folder=scene.ground.source, environment=own)
