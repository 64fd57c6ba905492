"""The process that repairs what naosu.yaml lets it touch. It runs only where that names a project."""

import os
import socket
import time
import uuid
from pathlib import Path

import structlog

from naosu.actions.apply_fix.resume import forget
from naosu.domain.errors import NaosuError
from naosu.pipeline.repairing import Repairer, Rules
from naosu.wiring.build import open_store
from naosu.wiring.channel import Channel
from naosu.wiring.child import Orders
from naosu.wiring.repair_rules import open_rules
from naosu.wiring.stop import Stop
from naosu.wiring.system import SystemClock
from naosu.wiring.targets import GroundTarget

_EVERY_S = 2.0
_SETTLE_S = 5.0
_BACKUPS_KEPT_S = 30 * 24 * 3600.0

log = structlog.get_logger("naosu.mend")


def run_mend(orders: Orders, channel: Channel) -> None:
    """Repair until told to stop; an attempt that was begun is brought to its end first."""
    stop = Stop(channel)
    backups = Path(orders.settings.data) / "repairs"
    backups.mkdir(mode=0o700, exist_ok=True)
    forget(backups, older_than_s=_BACKUPS_KEPT_S, now_s=time.time())
    rules_file = open_rules(os.environ)

    def rules() -> Rules:
        now = rules_file.current()
        return Rules(policy=now.policy, playbooks=now.playbooks)

    with open_store(orders.settings) as store:
        repairer = Repairer(
            store,
            SystemClock(),
            rules=rules,
            open_target=lambda ground: GroundTarget(ground, backup_dir=backups),
            owner=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
            settle=lambda: stop.wait(_SETTLE_S),
        )
        channel.send("up")
        while not stop.wait(_EVERY_S):
            try:
                repairer.step()
            except NaosuError as error:
                log.warning("mend.waits", code=error.code, detail=str(error))
