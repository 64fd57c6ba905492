"""A disk that fills up: nothing acknowledged is lost, and it recovers by itself when space returns."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from load import RECORDED, LoadResult, closed_loop, recorded_envelopes, requests
from server import Server

DISK_BYTES = 96_000_000
BALLAST_BYTES = 56_000_000

pytestmark = [
    pytest.mark.skipif(not RECORDED.exists(), reason="recorded envelopes (../shared/data) are absent"),
    pytest.mark.timeout(240),
]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, partly taken by a file that can be removed."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mount = tmp_path / "disk"
    mount.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "naosu-test", str(mount)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.decode().strip()}")
    (mount / "ballast").write_bytes(bytes(BALLAST_BYTES))
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=False)


def send(server: Server, source, *, count: int) -> LoadResult:
    return asyncio.run(closed_loop(server.port, source, connections=4, seconds=60, count_max=count))


def test_a_full_disk_answers_503_loses_nothing_and_recovers_by_itself(small_disk: Path):
    acknowledged = 0
    with Server(data=small_disk / "data") as server:
        source = requests(recorded_envelopes(), dsn_key=server.dsn_key, project_id=server.project_id, host="127.0.0.1")
        statuses: dict[int, int] = {}
        for _ in range(60):
            result = send(server, source, count=500)
            acknowledged += result.statuses.get(200, 0)
            for status, count in result.statuses.items():
                statuses[status] = statuses.get(status, 0) + count
            if 503 in statuses:
                break
        assert set(statuses) == {200, 503}, "the disk never filled, or the answer was not 503"
        (small_disk / "ballast").unlink()
        deadline = time.monotonic() + 30
        while (answer := send(server, source, count=20)).statuses.get(200, 0) < 20:
            acknowledged += answer.statuses.get(200, 0)
            assert time.monotonic() < deadline, f"still refusing after space returned: {answer.statuses}"
            time.sleep(0.5)
        acknowledged += 20
        server.wait_digested(acknowledged, timeout_s=60)
        stats = server.get("/api/v1/stats")
        assert stats["digested"] == acknowledged
        assert stats["dead"] == 0
