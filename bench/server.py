"""Starts a fresh `naosu serve` for a bench, and watches what it uses."""

import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psutil

NAOSU = [str(Path(sys.executable).with_name("naosu"))]


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A `naosu serve` on a data directory of its own, as a context manager."""

    def __init__(self, *arguments: str, data: Path | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._temporary = tempfile.TemporaryDirectory(prefix="naosu-bench-") if data is None else None
        self.data = data or Path(self._temporary.name) / "data"  # type: ignore[union-attr]
        self.arguments = arguments
        self.ready_s = 0.0
        self.rss_peak_bytes = 0
        self.pss_peak_bytes = 0
        self.rss_samples: list[int] = []
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        """Start it and wait for its ready line."""
        started = time.perf_counter()
        self.log = (self.data.parent / "serve.log").open("w")
        self.process = subprocess.Popen(
            [*NAOSU, "serve", "--data", str(self.data), "--port", str(self.port), *self.arguments],
            stdout=subprocess.PIPE, stderr=self.log, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("naosu: ready "):
                break
        else:
            raise SystemExit(f"naosu serve did not start; see {self.log.name}")
        self.ready_s = time.perf_counter() - started
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        threading.Thread(target=self._watch_memory, daemon=True).start()
        project = self.cli("project", "list", "--json")[0]
        self.project_id = project["id"]
        self.dsn = project["dsn"]
        self.dsn_key = urlsplit(self.dsn).username or ""
        self.token = self.cli("token", "create", f"bench-{self.port}", "--role", "admin", "--json")["token"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it as an operator would."""
        self._stop.set()
        self.process.terminate()
        self.process.wait(15)
        self.log.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def cli(self, *arguments: str) -> Any:
        """Run a naosu command on the server's data directory, and return its JSON."""
        done = subprocess.run(
            [*NAOSU, *arguments, "--data", str(self.data)], stdout=subprocess.PIPE, text=True, check=True
        )
        return json.loads(done.stdout)

    def get(self, path: str) -> Any:
        """Return the JSON that the REST API answers."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def processes(self) -> list[psutil.Process]:
        """Return the server's processes."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def cpu_s(self) -> float:
        """Return processor time that the living processes used so far, user and system."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())

    def _watch_memory(self) -> None:
        while not self._stop.wait(0.5):
            try:
                rss = sum(process.memory_info().rss for process in self.processes())
                pss = sum(process.memory_full_info().pss for process in self.processes())
            except psutil.NoSuchProcess:
                continue
            self.rss_samples.append(rss)
            self.rss_peak_bytes = max(self.rss_peak_bytes, rss)
            self.pss_peak_bytes = max(self.pss_peak_bytes, pss)

    def disk_bytes(self) -> int:
        """Return what the data directory takes on the disk."""
        return sum(path.stat().st_blocks * 512 for path in self.data.rglob("*") if path.is_file())

    def wait_digested(self, count: int, *, timeout_s: float) -> float:
        """Wait until so many events are digested, and return when that was seen (`perf_counter`)."""
        deadline = time.perf_counter() + timeout_s
        while time.perf_counter() < deadline:
            stats = self.get("/api/v1/stats")
            if stats["pending"] == 0 and stats["digested"] + stats["dead"] >= count:
                return time.perf_counter()
            time.sleep(0.1)
        raise SystemExit(f"not digested within {timeout_s} s: {self.get('/api/v1/stats')}, {count} were sent")
