"""What `make run` does: a server, the demo shop, traffic, and the page to open. Ctrl-C stops everything."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
READY = "naosu: ready "
STOP_TIMEOUT_S = 12.0


def main() -> int:
    """Start everything, and wait for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m demo.run")
    parser.add_argument("--data", type=Path, default=ROOT / ".naosu", help="where the server keeps its data")
    parser.add_argument("--port", type=int, default=8790, help="of the server; another one when it is taken")
    parser.add_argument("--seconds", type=float, default=86_400, help="how long the traffic goes on")
    parser.add_argument("--rate", type=float, default=5, help="requests a second")
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with ExitStack() as running:
            run(running, options, stopped)
    except RuntimeError as error:
        print(f"make run: {error}", file=sys.stderr)
        return 3
    print("stopped")
    return 0


def run(running: ExitStack, options: argparse.Namespace, stopped: threading.Event) -> None:
    """Start one after the other, each with what the one before it printed."""
    print("starting Naosu …", flush=True)
    port = options.port if is_free(options.port) else 0
    naosu = str(Path(sys.executable).with_name("naosu"))
    server = running.enter_context(
        process([naosu, "serve", "--data", str(options.data), "--port", str(port)], NAOSU_PROJECT="shop")
    )
    said = until(server, READY, stopped)
    dsn = after(said, "DSN:")
    # The shop's own log holds the very errors that Naosu shows; here it would bury the address to open.
    log = running.enter_context((options.data / "demo-shop.log").open("w"))
    command = [sys.executable, "-m", "demo.shop", "--dsn", dsn, "--port", "0"]
    shop = running.enter_context(process(command, log=log))
    shop_url = after(until(shop, "demo shop: ", stopped), "demo shop:")
    traffic = ["--url", shop_url, "--seconds", str(options.seconds), "--rate", str(options.rate)]
    running.enter_context(process([sys.executable, "-m", "demo.traffic", *traffic], log=log))
    link = next((line.split()[-1] for line in said if "first account" in line), "")
    page = link or after(said, READY.rstrip())
    print(
        f"\n  Errors of the demo shop ({shop_url}) arrive live at:\n\n    {page}\n\n"
        f"  (Its own log: {options.data / 'demo-shop.log'})\n\n"
        + ("  Choose an address and a password there: you are the first.\n" if link else "  Sign in as before.\n")
        + "  Ctrl-C stops everything.\n",
        flush=True,
    )
    while not stopped.wait(0.5):
        for name, one in (("the server", server), ("the demo shop", shop)):
            if one.poll() is not None:
                raise RuntimeError(f"{name} ended with {one.returncode}; its own words are above")


@contextmanager
def process(command: list[str], *, log: TextIO | None = None, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a process in a group of its own, so that Ctrl-C reaches only us; in the end, stop it in order."""
    environ = {**os.environ, **environment}
    started = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, env=environ, process_group=0
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def until(process: "subprocess.Popen[str]", beginning: str, stopped: threading.Event) -> list[str]:
    """Return what it printed, up to the line that begins so. Raises RuntimeError when it ends before."""
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.strip())
        if line.startswith(beginning):
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return lines
    if stopped.is_set():
        raise RuntimeError("stopped before it was ready")
    raise RuntimeError("it could not be started; its own words are above")


def after(lines: list[str], name: str) -> str:
    """Return what follows a name at the beginning of a line."""
    return next(line.removeprefix(name).strip() for line in lines if line.startswith(name))


def is_free(port: int) -> bool:
    """Say whether nobody listens on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
