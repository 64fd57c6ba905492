"""A line to each process: orders go down, news come up, and its end means that the supervisor is gone."""

import socket
from typing import Any

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line between the supervisor and a process.

    Attributes:
        kind: Down: ``go``. Up: ``prepared``, ``up``, ``failed``.
        body: What belongs to it, as plain JSON values.
    """

    kind: str
    body: dict[str, Any] = {}


class Channel:
    """Messages over a socket pair; either side may `fileno()` it into a selector."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._sock.fileno()

    def send(self, kind: str, **body: Any) -> bool:
        """Send one message. False: the other side is gone."""
        try:
            self._sock.sendall(msgspec.json.encode(Message(kind=kind, body=body)) + b"\n")
        except OSError:
            return False
        return True

    def receive(self) -> Message | None:
        """Wait for one message. None: the other side is gone."""
        while b"\n" not in self._buffer:
            try:
                chunk = self._sock.recv(65_536)
            except OSError:
                return None
            if not chunk:
                return None
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return msgspec.json.decode(line, type=Message)

    def close(self) -> None:
        """Hang up."""
        self._sock.close()


def open_pair() -> tuple[Channel, socket.socket]:
    """Return the supervisor's end, and the socket to hand to the process."""
    ours, theirs = socket.socketpair()
    return Channel(ours), theirs
