"""`naosu serve` mends a real application that runs: an SDK reports, and the fault is gone without anybody's hand."""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
import sentry_sdk

from server import Server, free_port

FAULTS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "faults"
PYTHON = os.environ.get("NAOSU_FAULT_PYTHON", "")

pytestmark = [
    pytest.mark.skipif(not FAULTS.exists(), reason="faulty applications (../shared/data/faults) are absent"),
    pytest.mark.skipif(not PYTHON, reason="NAOSU_FAULT_PYTHON names no environment for faulty applications"),
    pytest.mark.timeout(180),
]


class Application:
    """A faulty application behind a script that restarts it, as an operator would write one."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "app"
        shutil.copytree(FAULTS / "response_streaming_body", self.source)
        for path in (self.source, *self.source.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.port = free_port()
        self.pid_file = folder / "pid"
        self.script = folder / "restart"
        self.script.write_text(
            f'#!/bin/sh\ntest -f "{self.pid_file}" && kill "$(cat "{self.pid_file}")"\nsleep 0.5\ncd "{self.source}"\n'
            f'"{PYTHON}" -m uvicorn app:app --port {self.port} >/dev/null 2>&1 &\necho $! > "{self.pid_file}"\n'
        )
        self.script.chmod(0o755)

    def __enter__(self) -> "Application":
        subprocess.run([str(self.script)], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(int(self.pid_file.read_text()), 15)

    def status(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/orders/7", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


def report(server: Server, application: Application) -> None:
    """Send what the application's own SDK would send."""
    frame = {
        "filename": "middleware/audit.py",
        "abs_path": str(application.source / "middleware" / "audit.py"),
        "module": "middleware.audit",
        "function": "dispatch",
        "lineno": 13,
        "context_line": "        body = response.body",
        "in_app": True,
    }
    fault = {"type": "AttributeError", "value": "'_StreamingResponse' object has no attribute 'body'"}
    client = sentry_sdk.Client(dsn=server.dsn, default_integrations=False)
    client.capture_event(
        {
            "request": {"method": "GET", "url": f"http://127.0.0.1:{application.port}/orders/7"},
            "exception": {"values": [fault | {"stacktrace": {"frames": [frame]}}]},
        }
    )
    client.close(timeout=5)


def wait_for(look, seconds: float):
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.5)
    return found


def test_in_mode_auto_the_running_application_is_mended_restarted_and_measured(tmp_path: Path):
    application = Application(tmp_path)
    config = tmp_path / "naosu.yaml"
    ground = {
        "project": "default",
        "source": str(application.source),
        "start": f"{PYTHON} -m uvicorn app:app --port {{port}}",
        "restart": {"command": str(application.script)},
        "health_url": f"http://127.0.0.1:{application.port}/orders/7",
        "modes": {"default": "auto"},
    }
    config.write_text(json.dumps({"repair": {"limits": {"boot_grace_s": 0}, "projects": [ground]}}))
    with Server("--config", str(config)) as server, application:
        wait_for(lambda: application.status() == 500, 20)
        report(server, application)
        wait_for(lambda: any(one["state"] == "fixed" for one in attempts(server)), 120)
        assert application.status() == 200
        [attempt] = attempts(server)
        assert attempt["means"] == "apply_fix/response_streaming_body"
        assert server.get("/api/v1/issues?query=is:resolved")["items"]
        assert server.get("/api/v1/repair/audit/verify")["whole"]


def attempts(server: Server) -> list[dict]:
    return server.get("/api/v1/repair/attempts")["attempts"]
