"""A `naosu serve` in a process of its own, for the tests of this folder."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

import psutil

NAOSU = str(Path(sys.executable).with_name("naosu"))
READY_TIMEOUT_S = 60.0


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment without what would configure a server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("NAOSU_")} | more


class Serving:
    """A server on any free port, as a context manager; what it printed is in `lines`."""

    def __init__(self, data: Path, *arguments: str, **environment: str) -> None:
        self.data = data
        self.arguments = arguments
        self.environment = environment
        self.lines: list[str] = []
        self.url = ""

    def __enter__(self) -> Self:
        self.begin()
        self.wait_ready()
        return self

    def begin(self) -> None:
        """Start it, and do not wait."""
        port = [] if "--port" in self.arguments else ["--port", "0"]
        self.process = subprocess.Popen(
            [NAOSU, "serve", "--data", str(self.data), *port, *self.arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(**self.environment),
        )
        self.complaints: list[str] = []
        for stream, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.complaints)):
            threading.Thread(target=_collect, args=(stream, lines), daemon=True).start()

    def wait_ready(self) -> None:
        """Wait for the ready line."""
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline_s:
            ready = [line for line in self.lines if line.startswith("naosu: ready ")]
            if ready:
                self.url = ready[0].split()[2]
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self.lines} {self.complaints}")

    def __exit__(self, *_: object) -> None:
        children = self.children()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for child in children:
            if child.is_running():
                child.kill()

    @property
    def dsn(self) -> str:
        """Of the default project."""
        return next(line.split()[1] for line in self.lines if line.startswith("DSN:"))

    def children(self) -> list[psutil.Process]:
        """Return its living processes, but the supervisor."""
        try:
            found = psutil.Process(self.process.pid).children()
            return [child for child in found if child.status() != psutil.STATUS_ZOMBIE]
        except psutil.NoSuchProcess:
            return []

    def child(self, kind: str) -> psutil.Process:
        """Return the one process of this kind."""
        return next(child for child in self.children() if kind in command_line(child))

    def naosu(self, *arguments: str) -> Any:
        """Run a command on its folder, and return the JSON that it prints."""
        done = run_naosu(*arguments, "--json", "--data", str(self.data))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def get(self, path: str, *, timeout_s: float = 10.0) -> int:
        """Return the status of an answer. 0: there was none."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=timeout_s) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


def command_line(process: psutil.Process) -> list[str]:
    """Return the words of a command line. Empty: the process is gone."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _collect(stream: Any, lines: list[str]) -> None:
    lines.extend(line.rstrip("\n") for line in stream)


def run_naosu(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    environ = clean_environment(**environment)
    return subprocess.run([NAOSU, *arguments], capture_output=True, text=True, timeout=60, env=environ, check=False)


def wait_until(holds: Any, *, timeout_s: float = 20.0) -> None:
    """Ask until the answer is yes."""
    deadline_s = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline_s, "it never came to hold"
        time.sleep(0.05)
