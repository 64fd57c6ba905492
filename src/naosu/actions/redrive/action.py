"""Giving dead letters of a Redis list another try: one first, and on only while none comes back."""

import time
from typing import Annotated, Any

from msgspec import Meta

from naosu.actions.errors import ActionFailedError
from naosu.actions.parameters import Parameters
from naosu.actions.redis_server import RedisUrl, redis_at
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene

_PAUSE_S = 0.05


class RedriveParameters(Parameters, frozen=True, kw_only=True):
    """From which list to which.

    Attributes:
        dead: The list of dead letters, the newest at its head.
        live: The list that workers take from, at its tail.
        letters_max: No more are moved.
        batch_count: So many are moved together, once the first one was worked off.
        settle_s: A batch is taken for good when the live list is empty and no letter came back within this time.
    """

    url: RedisUrl
    dead: Annotated[str, Meta(min_length=1)]
    live: Annotated[str, Meta(min_length=1)]
    letters_max: Annotated[int, Meta(ge=1, le=100_000)] = 100
    batch_count: Annotated[int, Meta(ge=1, le=1_000)] = 10
    settle_s: Annotated[float, Meta(ge=0, le=600)] = 5.0


class Redrive:
    """Moves letters one by one, each in one step of the server, so none is lost or doubled by a crash."""

    name = "redrive"
    risk = Risk.MEDIUM
    reversible = False
    parameters = RedriveParameters

    def why_not(self, parameters: RedriveParameters, scene: Scene) -> str:
        """There must be two lists."""
        return "dead and live are one list" if parameters.dead == parameters.live else ""

    def is_applied(self, parameters: RedriveParameters, scene: Scene) -> bool | None:
        """Whether nothing is left to move."""
        with redis_at(parameters.url, timeout_s=scene.timeout_s) as client:
            return bool(client.llen(parameters.dead) == 0)

    def apply(self, parameters: RedriveParameters, scene: Scene) -> Done:
        """Move one, then batches, while all are worked off and none dies again."""
        if why := self.why_not(parameters, scene):
            raise ActionFailedError(why)
        deadline_s, moved, wanted = time.monotonic() + scene.timeout_s, 0, 1
        with redis_at(parameters.url, timeout_s=scene.timeout_s) as client:
            while moved < parameters.letters_max:
                before = client.llen(parameters.dead)
                batch = _move(client, parameters, min(wanted, parameters.letters_max - moved))
                moved += batch
                if not batch:
                    break
                if trouble := _settle(client, parameters, deadline_s, dead_max=before - batch):
                    raise ActionFailedError(f"stopped after {moved} letters: {trouble}")
                wanted = parameters.batch_count
            left = client.llen(parameters.dead)
        return Done(detail=f"moved {moved} letters from {parameters.dead} to {parameters.live}; {left} are left")

    def roll_back(self, parameters: RedriveParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """What workers did with the letters stays."""
        return ("the letters were worked off; what they did stays",)


def _move(client: Any, parameters: RedriveParameters, count: int) -> int:
    """Move the oldest letters; return how many there were."""
    for moved in range(count):
        if client.lmove(parameters.dead, parameters.live, "RIGHT", "LEFT") is None:
            return moved
    return count


def _settle(client: Any, parameters: RedriveParameters, deadline_s: float, *, dead_max: int) -> str:
    """Wait until the letters are worked off, and say what is wrong if they are not.

    `dead_max`, how many were left, was counted before they moved, for one may die again at once.
    """
    quiet_since_s = time.monotonic()
    while True:
        now_s = time.monotonic()
        if client.llen(parameters.dead) > dead_max:
            return "a letter died again"
        if client.llen(parameters.live):
            quiet_since_s = now_s
        elif now_s - quiet_since_s >= parameters.settle_s:
            return ""
        if now_s > deadline_s:
            return "they were not worked off in time"
        time.sleep(_PAUSE_S)
