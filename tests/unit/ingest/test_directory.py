"""The key directory: fresh, lazy, and calm when the store is broken."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from naosu.api.ingest.directory import KeyDirectory
from naosu.domain.errors import StoreUnavailableError
from naosu.domain.project import Key, Project, ProjectSettings, RateLimit

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Store:
    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.error: Exception | None = None
        self.asked_count = 0
        self.limits: tuple[RateLimit, ...] = ()
        self.add("a" * 32)

    def add(self, public_key: str, *, active: bool = True) -> None:
        self.keys.append(Key(id=len(self.keys) + 1, project_id=1, public_key=public_key, active=active, created_at=NOW))

    def list_keys(self, project_id: int | None = None) -> list[Key]:
        self.asked_count += 1
        if self.error:
            raise self.error
        return list(self.keys)

    def list_projects(self) -> list[Project]:
        settings = ProjectSettings(rate_limits=self.limits)
        return [Project(id=1, slug="p", name="P", created_at=NOW, settings=settings)]


class Time:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


Scenario = Callable[[Store, KeyDirectory, Time], Awaitable[None]]


def run(scenario: Scenario) -> None:
    async def main() -> None:
        store, clock = Store(), Time()
        directory = KeyDirectory(store, miss_interval_s=0.0, monotonic=clock)  # type: ignore[arg-type]
        await scenario(store, directory, clock)

    asyncio.run(main())


def test_the_first_request_loads_the_keys_and_the_next_ones_ask_nobody() -> None:
    async def scenario(store: Store, directory: KeyDirectory, clock: Time) -> None:
        entry = await directory.find("a" * 32)
        assert entry
        assert (entry.key_id, entry.project_id, entry.active, entry.quotas) == (1, 1, True, ())
        for _ in range(100):
            assert directory.peek("a" * 32) == entry
        assert store.asked_count == 1

    run(scenario)


def test_a_project_made_a_moment_ago_works() -> None:
    async def scenario(store: Store, directory: KeyDirectory, clock: Time) -> None:
        await directory.find("a" * 32)
        store.add("b" * 32)
        assert await directory.find("b" * 32)

    run(scenario)


def test_an_unknown_key_is_remembered_for_a_second_and_asked_again_after_it() -> None:
    async def scenario(store: Store, directory: KeyDirectory, clock: Time) -> None:
        for _ in range(10):
            assert await directory.find("f" * 32) is None
        assert store.asked_count == 1
        store.add("f" * 32)
        clock.now_s += 1.0
        assert await directory.find("f" * 32)

    run(scenario)


def test_a_flood_of_unknown_keys_shares_its_questions() -> None:
    async def scenario(store: Store, directory: KeyDirectory, clock: Time) -> None:
        found = await asyncio.gather(*(directory.find(f"{number:032x}") for number in range(200)))
        assert found == [None] * 200
        assert store.asked_count < 10

    run(scenario)


def test_changes_are_seen_within_seconds() -> None:
    async def scenario(store: Store, directory: KeyDirectory, clock: Time) -> None:
        assert await directory.find("a" * 32)
        store.keys.clear()
        store.add("a" * 32, active=False)
        store.limits = (RateLimit(quantity=5),)
        clock.now_s += 2.1
        directory.peek("a" * 32)
        await asyncio.sleep(0.05)
        entry = directory.peek("a" * 32)
        assert entry
        assert not entry.active
        assert [quota.scope for quota in entry.quotas] == ["project"]

    run(scenario)


def test_after_a_long_pause_the_first_look_up_waits_for_news() -> None:
    async def scenario(store: Store, directory: KeyDirectory, clock: Time) -> None:
        assert await directory.find("a" * 32)
        store.keys.clear()
        clock.now_s += 3600
        assert await directory.find("a" * 32) is None

    run(scenario)


@pytest.mark.parametrize("error", [StoreUnavailableError("locked"), OSError("a driver's own error")])
def test_a_broken_store_does_not_stop_known_keys(error: Exception) -> None:
    async def scenario(store: Store, directory: KeyDirectory, clock: Time) -> None:
        assert await directory.find("a" * 32)
        store.error = error
        for pause_s in (1, 3, 100, 3600, 3600):
            clock.now_s += pause_s
            assert await directory.find("a" * 32)
        store.error = None
        store.add("b" * 32)
        clock.now_s += 3
        assert await directory.find("b" * 32)

    run(scenario)


def test_an_unknown_key_cannot_be_judged_while_the_store_is_broken() -> None:
    async def scenario(store: Store, directory: KeyDirectory, clock: Time) -> None:
        store.error = StoreUnavailableError("locked")
        with pytest.raises(StoreUnavailableError):
            await directory.find("a" * 32)
        store.error = None
        assert await directory.find("a" * 32)

    run(scenario)
