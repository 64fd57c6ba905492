"""Lets the application reach a server, at the port that it knows, through a Unix socket that leads out of the cell."""

import contextlib
import os
import selectors
import socket
import threading
from typing import Any

_CHUNK_BYTES = 65_536


def start_relays(job: dict[str, Any]) -> None:
    """Listen for all servers of a job, in a process of its own."""
    if not job["relays"] or job["ports"] is not None:
        return
    listeners = []
    for relay in job["relays"]:
        listener = socket.create_server(("127.0.0.1", relay["port"]))
        listeners.append((listener, os.path.join(job["logs"], relay["socket"])))
    if os.fork():
        for listener, _ in listeners:
            listener.close()
        return
    for listener, path in listeners[1:]:
        threading.Thread(target=_accept, args=(listener, path), daemon=True).start()
    try:
        _accept(*listeners[0])
    finally:
        os._exit(0)


def pump(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes on in both directions until one side ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in selector.select():
                read = key.fileobj.recv(_CHUNK_BYTES)  # type: ignore[union-attr]
                if not read:
                    return
                key.data.sendall(read)


def _accept(listener: socket.socket, path: str) -> None:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_serve, args=(client, path), daemon=True).start()


def _serve(client: socket.socket, path: str) -> None:
    with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as out, contextlib.suppress(OSError):
        out.connect(path)
        pump(client, out)
