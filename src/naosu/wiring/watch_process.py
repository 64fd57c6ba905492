"""The process that prepares the store when the server starts, and keeps it small and quick while it runs."""

import msgspec
import structlog

from naosu.domain.errors import NaosuError
from naosu.wiring.build import open_upkeep
from naosu.wiring.channel import Channel
from naosu.wiring.child import Orders
from naosu.wiring.first_run import prepare
from naosu.wiring.stop import Stop

_EVERY_S = 10.0
_FIRST_AFTER_S = 2.0

log = structlog.get_logger("naosu.watch")


def run_watch(orders: Orders, channel: Channel) -> None:
    """Prepare the store and say so, then do upkeep until told to stop."""
    stop = Stop(channel)
    try:
        prepared = prepare(orders.settings, base_url=orders.base_url)
    except NaosuError as error:
        channel.send("failed", message=str(error), mend=error.mend, code=error.code)
        stop.wait(60)
        return
    channel.send("prepared", **msgspec.to_builtins(prepared))
    with open_upkeep(orders) as upkeep:
        channel.send("up")
        wait_s = _FIRST_AFTER_S
        while not stop.wait(wait_s):
            wait_s = _EVERY_S
            try:
                upkeep.step(go_on=lambda: not stop.is_set())
            except NaosuError as error:
                if not error.retryable:
                    raise
                log.warning("upkeep.waits", code=error.code, detail=str(error), retry_in_s=_EVERY_S)
