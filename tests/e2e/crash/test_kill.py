"""kill -9 at random instants under load: nothing acknowledged is missing, nothing is twice."""

import asyncio
import os
import random
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from load import RECORDED, Connection, recorded_envelopes, requests
from server import Server

ROUNDS = int(os.environ.get("NAOSU_SOAK_ROUNDS", "3"))

pytestmark = [
    pytest.mark.skipif(not RECORDED.exists(), reason="recorded envelopes (../shared/data) are absent"),
    pytest.mark.timeout(120 + ROUNDS * 30),
]


class Traffic(threading.Thread):
    """Sends events until stopped, through outages, and remembers which were acknowledged."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.acknowledged: list[str] = []
        self.refused = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        source = requests(
            recorded_envelopes(), dsn_key=self.server.dsn_key, project_id=self.server.project_id, host="127.0.0.1"
        )
        await asyncio.gather(*(self._one(source) for _ in range(8)))

    async def _one(self, source) -> None:
        loop = asyncio.get_running_loop()
        while not self.stopping.is_set():
            try:
                _, connection = await loop.create_connection(Connection, "127.0.0.1", self.server.port)
                while not self.stopping.is_set():
                    event_id, request = next(source)
                    status = await asyncio.wait_for(connection.send(request), 10)
                    if status == 200:
                        self.acknowledged.append(event_id)
                    else:
                        self.refused += 1
                    await asyncio.sleep(0.01)
            except (OSError, TimeoutError):
                await asyncio.sleep(0.05)


def kill_one(server: Server, chance: random.Random) -> str:
    """Kill one process of the server, the supervisor included, and return which kind it was."""
    victim = chance.choice(server.processes())
    kind = "supervisor" if victim.pid == server.process.pid else "child"
    victim.send_signal(signal.SIGKILL)
    return kind


def wait_gone(processes: list[psutil.Process]) -> None:
    """The children of a killed supervisor end by themselves."""
    _, alive = psutil.wait_procs(processes, timeout=15)
    assert not alive, f"still running after their supervisor was killed: {alive}"


def stored_event_ids(server: Server) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        page = server.get(f"/api/v1/events?limit=100{cursor}")
        found += [event["event_id"] for event in page["items"]]
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def test_after_kills_at_random_instants_each_acknowledged_event_is_stored_exactly_once(tmp_path: Path):
    chance = random.Random(os.environ.get("NAOSU_SOAK_SEED", "7"))
    acknowledged: list[str] = []
    data = tmp_path / "data"
    server = Server(data=data)
    server.__enter__()
    try:
        traffic = Traffic(server)
        traffic.start()
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0.2, 2.0))
            children = psutil.Process(server.process.pid).children(recursive=True)
            if kill_one(server, chance) == "supervisor":
                server.process.wait(10)
                wait_gone(children)
                traffic.stopping.set()
                traffic.join(30)
                acknowledged += traffic.acknowledged
                server = Server(data=data)
                server.__enter__()
                traffic = Traffic(server)
                traffic.start()
        time.sleep(1)
        traffic.stopping.set()
        traffic.join(30)
        acknowledged += traffic.acknowledged
        server.wait_digested(0, timeout_s=60)
        stored = stored_event_ids(server)
        stats = server.get("/api/v1/stats")
    finally:
        server.__exit__(None, None, None)
    assert len(acknowledged) > 50
    assert set(acknowledged) <= set(stored), f"lost: {set(acknowledged) - set(stored)}"
    assert len(stored) == len(set(stored)), "an event is stored twice"
    assert stats["digested"] == len(stored), "an event is counted twice, or not at all"
    assert stats["dead"] == 0
