"""The lease between real processes, each with its own connection and its own idea of the time."""

import multiprocessing
from datetime import timedelta
from pathlib import Path

import pytest

from naosu.storage.postgres import open_postgres_store
from naosu.storage.sqlite import open_sqlite_store

TTL = timedelta(seconds=60)
PROCESSES = 3
ROUNDS = 15


def take(place: str, name: str) -> list[tuple[int, int]]:
    """Try for the lease once a round, and return the rounds and tokens of those that were had."""
    from datetime import UTC, datetime

    store = open_postgres_store(place) if place.startswith("postgres") else open_sqlite_store(place)
    had = []
    for number in range(ROUNDS):
        now = datetime(2026, 11, 22, tzinfo=UTC) + number * TTL
        lease = store.take_lease("between-processes", name, ttl=TTL, now=now)
        if lease is not None:
            had.append((number, lease.token))
    store.close()
    return had


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_two_processes_never_get_one_lease(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    place = str(tmp_path / "naosu.db") if engine == "sqlite" else request.getfixturevalue("postgres_url")
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        had = pool.starmap(take, [(place, f"p{number}") for number in range(PROCESSES)])
    tokens = [token for mine in had for _, token in mine]
    rounds = [number for mine in had for number, _ in mine]
    assert len(set(tokens)) == len(tokens) > 0
    assert len(set(rounds)) == len(rounds)
    assert all(mine == sorted(mine) for mine in had)
