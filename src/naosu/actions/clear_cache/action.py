"""Removing the keys of a cache that match a pattern: never all of a server, and never more than a bound."""

import re
import time
from typing import Annotated

from msgspec import Meta

from naosu.actions.errors import ActionFailedError
from naosu.actions.parameters import Parameters
from naosu.actions.redis_server import RedisUrl, redis_at
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene

_LITERAL_CHARS_MIN = 2
_BATCH = 500


class CacheParameters(Parameters, frozen=True, kw_only=True):
    """Which keys of which server.

    Attributes:
        pattern: As Redis reads it; it must begin with at least two characters that stand for themselves.
        keys_max: With more keys than this matching, none is removed.
    """

    url: RedisUrl
    pattern: Annotated[str, Meta(min_length=1)]
    keys_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000


class ClearCache:
    """Removes keys without blocking the server. What a cache held is made again; it cannot be put back."""

    name = "clear_cache"
    risk = Risk.LOW
    reversible = False
    parameters = CacheParameters

    def why_not(self, parameters: CacheParameters, scene: Scene) -> str:
        """The pattern must not mean everything."""
        literal = re.match(r"[^*?\[\\]*", parameters.pattern)
        if literal is None or len(literal.group()) < _LITERAL_CHARS_MIN:
            return f"{parameters.pattern} may match every key: it must begin with {_LITERAL_CHARS_MIN} plain characters"
        return ""

    def is_applied(self, parameters: CacheParameters, scene: Scene) -> bool | None:
        """Clearing again is harmless, and a cache that works fills by itself."""
        return False

    def apply(self, parameters: CacheParameters, scene: Scene) -> Done:
        """Find the keys, and remove them if they are not too many."""
        if why := self.why_not(parameters, scene):
            raise ActionFailedError(why)
        deadline_s = time.monotonic() + scene.timeout_s
        with redis_at(parameters.url, timeout_s=scene.timeout_s) as client:
            keys: set[bytes] = set()
            for key in client.scan_iter(match=parameters.pattern, count=_BATCH):
                keys.add(key)
                if len(keys) > parameters.keys_max:
                    raise ActionFailedError(f"more than {parameters.keys_max} keys match: none was removed")
                _hold(deadline_s, "none was removed")
            removed = 0
            found = sorted(keys)
            for start in range(0, len(found), _BATCH):
                _hold(deadline_s, f"{removed} of {len(keys)} keys were removed")
                removed += client.unlink(*found[start : start + _BATCH])
        return Done(detail=f"removed {removed} keys that match {parameters.pattern}")

    def roll_back(self, parameters: CacheParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """A cache fills by itself."""
        return ("what the cache held is gone, and is made again when it is asked for",)


def _hold(deadline_s: float, so_far: str) -> None:
    if time.monotonic() > deadline_s:
        raise ActionFailedError(f"it took too long: {so_far}")
