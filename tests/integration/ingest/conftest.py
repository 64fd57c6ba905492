"""Fixtures of the door's tests."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))  # the tests of this folder share one small world

from ingest_world import Server, World

from naosu.queue.memory import MemoryInbox


@pytest.fixture
def world() -> Iterator[World]:
    world = World(MemoryInbox())
    yield world
    world.committer.close()


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    worlds: list[World] = []

    def make(**options: Any) -> World:
        worlds.append(World(options.pop("inbox", None) or MemoryInbox(), **options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.committer.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(app: Any, **bounds: Any) -> Server:
        servers.append(Server(app, **bounds))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def data_path() -> Path:
    path = Path(__file__).parents[4] / "shared" / "data" / "envelopes"
    if not path.exists():
        pytest.skip("recorded envelopes are not here")
    return path
