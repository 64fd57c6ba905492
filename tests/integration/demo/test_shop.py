"""The demo shop runs under the real sentry-sdk, and its faults arrive as events of many kinds."""

import gzip
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import httpx
import pytest
from demo.traffic import FAILING, HEALTHY, open_client, send

ROOT = Path(__file__).parents[3]
START_S = 40
ARRIVE_S = 20

EXPECTED_TYPES = {
    "KeyError",
    "ZeroDivisionError",
    "ExceptionGroup",
    "AttributeError",
    "IntegrityError",
    "TypeError",
    "TokenExpiredError",
    "IndexError",
    "DetachedInstanceError",
    "ValueError",
    "PaymentGatewayTimeout",
    "FileNotFoundError",
    "OperationalError",
}


class Capture(ThreadingHTTPServer):
    """Takes envelopes, as a server would."""

    def __init__(self) -> None:
        self.items: list[tuple[str, dict]] = []
        super().__init__(("127.0.0.1", 0), CaptureHandler)


class CaptureHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        decode = {"gzip": gzip.decompress, "br": brotli.decompress}.get(self.headers.get("Content-Encoding", ""), bytes)
        body = decode(body)
        lines = body.split(b"\n")[1:]
        for header, payload in zip(lines[::2], lines[1::2], strict=False):
            self.server.items.append((json.loads(header)["type"], json.loads(payload)))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def capture() -> Iterator[Capture]:
    server = Capture()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(capture: Capture, tmp_path: Path) -> Iterator[str]:
    dsn = f"http://{'0' * 32}@127.0.0.1:{capture.server_port}/1"
    command = [sys.executable, "-m", "demo.shop", "--dsn", dsn, "--port", "0", "--data", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"no URL in {line!r}"
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield wait_until_healthy(found[0])
    finally:
        process.terminate()
        process.wait(START_S)


def wait_until_healthy(url: str) -> str:
    deadline = time.monotonic() + START_S
    while True:
        try:
            httpx.get(f"{url}/health", timeout=2).raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return url


def test_each_fault_of_the_shop_arrives_and_the_healthy_requests_stay_healthy(capture: Capture, shop: str) -> None:
    with open_client(shop) as client:
        healthy = {step[1]: send(client, step) for step in HEALTHY}
        for step in (one for one in FAILING if "days=" not in one[1]):  # that one is slow on purpose
            send(client, step)
        send(client, ("POST", "/jobs/reconciliation", {}))
    assert set(healthy.values()) == {200}, healthy

    def types() -> set[str]:
        events = [payload for kind, payload in capture.items if kind == "event"]
        return {value["type"] for event in events for value in event.get("exception", {}).get("values", [])}

    def loggers() -> set[str]:
        return {payload.get("logger", "") for kind, payload in capture.items if kind == "event"}

    deadline = time.monotonic() + ARRIVE_S
    while not (types() >= EXPECTED_TYPES and "shop.jobs" in loggers()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert EXPECTED_TYPES - types() == set()
    kinds = {kind for kind, _ in capture.items}
    assert {"event", "transaction", "check_in"} <= kinds
    events = [payload for kind, payload in capture.items if kind == "event"]
    assert "shop.jobs" in loggers()
    assert all(event["release"] == "shop@1.4.2" for event in events)
