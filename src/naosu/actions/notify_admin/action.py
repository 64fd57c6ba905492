"""Telling a person, with all that was tried."""

from naosu.actions.errors import ActionFailedError
from naosu.actions.parameters import Parameters
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene


class NotifyParameters(Parameters, frozen=True, kw_only=True):
    """What to say to whom.

    Attributes:
        channels: By name. None: those of the incident.
    """

    text: str
    channels: tuple[str, ...] = ()


class NotifyAdmin:
    """Tells people once for each attempt. Nobody can be made to forget."""

    name = "notify_admin"
    risk = Risk.LOW
    reversible = False
    parameters = NotifyParameters

    def why_not(self, parameters: NotifyParameters, scene: Scene) -> str:
        """There must be somebody to tell."""
        return "" if scene.notifier is not None else "no channel is set up"

    def is_applied(self, parameters: NotifyParameters, scene: Scene) -> bool | None:
        """Telling again is harmless: the key keeps it to once."""
        return False

    def apply(self, parameters: NotifyParameters, scene: Scene) -> Done:
        """Tell them."""
        if scene.notifier is None:
            raise ActionFailedError("no channel is set up")
        scene.notifier.tell(parameters.text, channels=parameters.channels, key=scene.key)
        return Done(detail="people were told")

    def roll_back(self, parameters: NotifyParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """It leaves nothing behind that would have to be undone."""
        return ()
