"""The listening socket: opened once, shared by all web processes."""

import errno
import socket
import time

from naosu.domain.errors import NaosuError

BACKLOG = 2048
_STEP_S = 0.05


class ListenError(NaosuError):
    """The server cannot listen where it was told to. Not retryable as it is."""

    code = "listen.failed"
    status = 500


def open_listener(host: str, port: int, *, patience_s: float) -> socket.socket:
    """Return a socket that listens on this address.

    Args:
        host: Name or address, IPv4 or IPv6.
        port: 0: any free one.
        patience_s: How long to wait for a port that processes of a run which ended uncleanly are about to release.

    Raises:
        ListenError: Taken, not permitted, or not an address of this machine.
    """
    give_up_at_s = time.monotonic() + patience_s
    while True:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            return _listen(socket.socket(family, kind, protocol), address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < give_up_at_s:
                time.sleep(_STEP_S)
                continue
            raise ListenError(f"cannot listen on {host}:{port}: {_reason(error)}", mend=_mend(error, port)) from error


def _listen(listener: socket.socket, address: tuple[object, ...]) -> socket.socket:
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is taken by another process"
    if error.errno == errno.EACCES:
        return "this user may not use the port"
    if error.errno == errno.EADDRNOTAVAIL:
        return "it is not an address of this machine"
    return error.strerror or str(error)


def _mend(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Choose another with --port (0: any free one), or stop what listens: `ss -ltnp 'sport = :{port}'`."
    if error.errno == errno.EACCES:
        return "Choose a port above 1023 with --port, and put a reverse proxy in front."
    return "Choose an address of this machine with --host (0.0.0.0: all of them)."


def local_address(listener: socket.socket) -> tuple[str, int]:
    """Return where this machine itself reaches the socket."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1" if listener.family == socket.AF_INET else "::1"
    return host, port


def url_of(listener: socket.socket) -> str:
    """Return the socket's HTTP URL, as far as this machine can tell, without a slash at the end."""
    host, port = local_address(listener)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_ready(listener: socket.socket, *, timeout_s: float = 1.0) -> bool:
    """Ask ``/readyz`` through the socket, as any client would; only 200 counts."""
    host, port = local_address(listener)
    request = f"GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as connection:
            connection.sendall(request)
            return b" 200 " in connection.recv(64).partition(b"\r\n")[0]
    except OSError:
        return False
