"""One process under the supervisor: how it is started, spoken to and ended."""

import os
import signal
import subprocess
import sys
import time
from enum import StrEnum

import msgspec

from naosu.wiring.channel import open_pair
from naosu.wiring.settings import Settings


class Kind(StrEnum):
    """What a process does."""

    WEB = "web"
    DIGEST = "digest"
    WATCH = "watch"
    MEND = "mend"


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is told when it may begin.

    Attributes:
        index: Its number among those of its kind, from 0.
        peer_count: How many of its kind share the work.
        base_url: By which people and SDKs reach the server, without a slash at the end.
        is_first: It makes the link for the first account, if there is none; a restarted one must not replace it.
    """

    settings: Settings
    index: int
    peer_count: int
    base_url: str
    is_first: bool = False


class Slot(msgspec.Struct, frozen=True, order=True):
    """A place that must always be filled by a process."""

    kind: Kind
    index: int


class Child:
    """A running process. It ends by itself when its channel does, so none outlives the supervisor."""

    def __init__(self, slot: Slot, *, listener_fd: int) -> None:
        """Start the process; it imports what it needs, and then waits for its orders."""
        self.slot = slot
        self.channel, theirs = open_pair()
        self.started_at_s = time.monotonic()
        self.is_up = False
        descriptors = [theirs.fileno()] + ([listener_fd] if slot.kind is Kind.WEB else [])
        # -P: a file in the working directory is never imported in place of a module.
        # A process group of its own: Ctrl-C reaches the supervisor alone, which then stops the others in order.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", "naosu.wiring.process", slot.kind, *map(str, descriptors)],
            stdin=subprocess.DEVNULL,
            pass_fds=descriptors,
            process_group=0,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        theirs.close()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def order(self, *, settings: Settings, base_url: str, peer_count: int, is_first: bool) -> None:
        """Tell it to begin."""
        orders = Orders(
            settings=settings, index=self.slot.index, peer_count=peer_count, base_url=base_url, is_first=is_first
        )
        self.channel.send("go", **msgspec.to_builtins(orders))

    def exit_code(self) -> int | None:
        """Return its exit code, negative for a signal. None: it runs."""
        return self._process.poll()

    def terminate(self) -> None:
        """Ask it to finish what it has begun, and end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)
