"""Holding back traffic for a while, by whatever this installation has for it."""

from typing import Annotated

from msgspec import Meta

from naosu.actions.errors import ActionFailedError
from naosu.actions.parameters import Parameters
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene


class ThrottleParameters(Parameters, frozen=True, kw_only=True):
    """How much may come through.

    Attributes:
        target: An address, route or client, as the limiter knows it.
        ttl_s: It ends by itself after so long.
    """

    target: Annotated[str, Meta(min_length=1)]
    requests_per_second: Annotated[float, Meta(gt=0)]
    ttl_s: Annotated[float, Meta(gt=0, le=86_400)] = 300.0


class Throttle:
    """Limits traffic to a target; undone, the limit is what it was before."""

    name = "throttle"
    risk = Risk.LOW
    reversible = True
    parameters = ThrottleParameters

    def why_not(self, parameters: ThrottleParameters, scene: Scene) -> str:
        """There must be a limiter."""
        return "" if scene.throttler is not None else "no limiter is installed"

    def is_applied(self, parameters: ThrottleParameters, scene: Scene) -> bool | None:
        """Ask the limiter."""
        if scene.throttler is None:
            return None
        return scene.throttler.limit_of(parameters.target) == parameters.requests_per_second

    def apply(self, parameters: ThrottleParameters, scene: Scene) -> Done:
        """Set the limit."""
        if scene.throttler is None:
            raise ActionFailedError("no limiter is installed")
        before = scene.throttler.limit_of(parameters.target)
        per_second = parameters.requests_per_second
        scene.throttler.limit(parameters.target, per_second=per_second, ttl_s=parameters.ttl_s)
        detail = f"{parameters.target} gets {per_second:g} requests a second at most, for {parameters.ttl_s:g} s"
        return Done(detail=detail, undo={} if before is None else {"per_second": str(before)})

    def roll_back(self, parameters: ThrottleParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """Put back the limit that was in force, or lift it."""
        if scene.throttler is None:
            return (f"the limit stays for at most {parameters.ttl_s:g} s: no limiter answers",)
        if "per_second" in done.undo:
            before = float(done.undo["per_second"])
            scene.throttler.limit(parameters.target, per_second=before, ttl_s=parameters.ttl_s)
        else:
            scene.throttler.lift(parameters.target)
        return ()
