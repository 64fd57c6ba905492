"""Lets a cell reach scratch databases of a PostgreSQL server, and nothing else of it.

A cell has no network. It reaches the server through a Unix socket, on whose other side this relay answers: it lets the
databases through that it knows, under the names that the application uses, and answers for all others that they do not
exist. The messages are those of PostgreSQL's protocol 3.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Mapping
from pathlib import Path

from naosu.scratch.inside.relays import pump

_SSL, _GSS, _CANCEL = 80877103, 80877104, 80877102
_STARTUP_BYTES_MAX = 10_000
_CONNECT_S = 5.0


class Relay:
    """Listens on a Unix socket for one server.

    Attributes:
        databases: The database that is meant, by the name that the application uses.
    """

    def __init__(self, path: Path, host: str, port: int, databases: Mapping[str, str]) -> None:
        self.databases = databases
        self._address = host, port
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, name="scratch-relay", daemon=True).start()

    def close(self) -> None:
        """Stop, and break off what is still connected: a database in use cannot be dropped."""
        for connection in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), name="scratch-relay", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, ValueError):
            startup = _read_startup(client)
            if startup is None:
                return
            named = startup.get("database") or startup.get("user", "")
            if named not in self.databases:
                client.sendall(_no_such_database(named))
                return
            with socket.create_connection(self._address, _CONNECT_S) as server:
                server.settimeout(None)
                self._open.append(server)
                server.sendall(_startup({**startup, "database": self.databases[named]}))
                pump(client, server)


def _read_startup(client: socket.socket) -> dict[str, str] | None:
    """Return the parameters of a connection's first message; offers of encryption are declined. None: it cancels."""
    while True:
        (length,) = struct.unpack("!I", _exactly(client, 4))
        if not 8 <= length <= _STARTUP_BYTES_MAX:  # noqa: PLR2004 -- its own length and the version
            raise ValueError("no PostgreSQL startup message")
        message = _exactly(client, length - 4)
        (version,) = struct.unpack_from("!I", message)
        if version in {_SSL, _GSS}:
            client.sendall(b"N")
            continue
        if version == _CANCEL:
            return None
        words = message[4:].rstrip(b"\x00").decode(errors="replace").split("\x00")
        return dict(zip(words[::2], words[1::2], strict=False))


def _startup(parameters: Mapping[str, str]) -> bytes:
    words = b"".join(f"{name}\x00{value}\x00".encode() for name, value in parameters.items()) + b"\x00"
    return struct.pack("!II", len(words) + 8, 3 << 16) + words


def _no_such_database(name: str) -> bytes:
    fields = (b"SFATAL", b"VFATAL", b"C3D000", f'Mdatabase "{name}" does not exist'.encode())
    body = b"".join(field + b"\x00" for field in fields) + b"\x00"
    return b"E" + struct.pack("!I", len(body) + 4) + body


def _exactly(client: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        more = client.recv(count - len(read))
        if not more:
            raise ValueError("the connection ended in its first message")
        read += more
    return read
