"""When a process without an event loop must stop: it was told to, or its supervisor is gone."""

import select
import signal
import socket

from naosu.wiring.channel import Channel


class Stop:
    """Set by SIGTERM, or by the end of the channel."""

    def __init__(self, channel: Channel) -> None:
        self._is_set = False
        self._channel = channel
        # A signal does not end `select` by itself (PEP 475): the byte that it writes here does.
        self._woken, self._waking = socket.socketpair()
        self._woken.setblocking(False)
        self._waking.setblocking(False)
        signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._set)

    def _set(self, *_: object) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        """Say whether to stop; asks the channel without waiting."""
        return self.wait(0.0)

    def wait(self, timeout_s: float) -> bool:
        """Sleep for so long, or until it is time to stop; say whether it is."""
        if self._is_set:
            return True
        sources: list[Channel | socket.socket] = [self._channel, self._woken]
        readable, _, _ = select.select(sources, [], [], timeout_s)
        if self._channel in readable and self._channel.receive() is None:
            self._is_set = True
        return self._is_set
