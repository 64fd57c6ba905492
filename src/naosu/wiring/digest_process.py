"""The process that turns accepted reports into issues."""

import random

import structlog

import naosu.queue.inbox  # noqa: F401 -- now, while another process brings the schema up to date
from naosu.domain.errors import NaosuError
from naosu.wiring.build import open_digester
from naosu.wiring.channel import Channel
from naosu.wiring.child import Orders
from naosu.wiring.stop import Stop

_IDLE_FIRST_S = 0.01
_IDLE_LONGEST_S = 0.2
_TROUBLE_FIRST_S = 0.2
_TROUBLE_LONGEST_S = 10.0

log = structlog.get_logger("naosu.digest")


def run_digest(orders: Orders, channel: Channel) -> None:
    """Digest until told to stop; what was begun is finished, and what waits is safe in the inbox."""
    stop = Stop(channel)
    with open_digester(orders) as digester:
        channel.send("up")
        idle_s, trouble_s = _IDLE_FIRST_S, _TROUBLE_FIRST_S
        while not stop.is_set():
            try:
                digested = digester.step()
            except NaosuError as error:
                if not error.retryable:
                    raise
                log.warning("digest.waits", code=error.code, detail=str(error), retry_in_s=trouble_s)
                stop.wait(trouble_s * random.uniform(0.5, 1.0))
                trouble_s = min(_TROUBLE_LONGEST_S, trouble_s * 2)
                continue
            trouble_s = _TROUBLE_FIRST_S
            idle_s = _IDLE_FIRST_S if digested else min(_IDLE_LONGEST_S, idle_s * 1.5)
            if not digested:
                stop.wait(idle_s)
