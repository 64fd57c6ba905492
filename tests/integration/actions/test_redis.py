import threading
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from naosu.actions.clear_cache.action import CacheParameters, ClearCache
from naosu.actions.errors import ActionFailedError
from naosu.actions.redrive.action import Redrive, RedriveParameters
from naosu.ports.action import Scene

redis = pytest.importorskip("redis")
URL = "redis://127.0.0.1:6379/0"


@pytest.fixture
def client() -> Iterator[Any]:
    client = redis.Redis.from_url(URL)
    try:
        client.ping()
    except redis.ConnectionError:
        pytest.skip("no Redis on 127.0.0.1:6379")
    yield client
    client.close()


@pytest.fixture
def prefix(client: Any) -> Iterator[str]:
    prefix = f"naosu-test-{uuid.uuid4().hex[:8]}"
    yield prefix
    keys = list(client.scan_iter(match=f"{prefix}*"))
    if keys:
        client.unlink(*keys)


def test_keys_that_match_are_removed_and_no_others(client: Any, prefix: str, scene: Scene):
    client.mset({f"{prefix}:page:{number}": "x" for number in range(1_200)} | {f"{prefix}:user": "y"})
    done = ClearCache().apply(CacheParameters(url=URL, pattern=f"{prefix}:page:*"), scene)
    assert "removed 1200 keys" in done.detail
    assert list(client.scan_iter(match=f"{prefix}*", count=1_000)) == [f"{prefix}:user".encode()]


@pytest.mark.parametrize(("keys_max", "is_cleared"), [(5, True), (4, False)])
def test_with_more_keys_than_the_bound_none_is_removed(
    client: Any, prefix: str, scene: Scene, keys_max: int, is_cleared: bool
):
    client.mset({f"{prefix}:{number}": "x" for number in range(5)})
    parameters = CacheParameters(url=URL, pattern=f"{prefix}:*", keys_max=keys_max)
    if is_cleared:
        ClearCache().apply(parameters, scene)
    else:
        with pytest.raises(ActionFailedError, match="none was removed"):
            ClearCache().apply(parameters, scene)
    assert len(list(client.scan_iter(match=f"{prefix}*"))) == (0 if is_cleared else 5)


@pytest.mark.parametrize("pattern", ["*", "?*", "[a-z]*", "a*", "\\a*", "**x"])
def test_a_pattern_that_may_match_every_key_is_refused(client: Any, prefix: str, scene: Scene, pattern: str):
    client.set(prefix, "x")
    parameters = CacheParameters(url=URL, pattern=pattern)
    assert "may match every key" in ClearCache().why_not(parameters, scene)
    with pytest.raises(ActionFailedError):
        ClearCache().apply(parameters, scene)
    assert client.exists(prefix)


def test_a_server_that_is_not_there_is_an_error_without_the_password(scene: Scene):
    with pytest.raises(ActionFailedError) as caught:
        ClearCache().apply(CacheParameters(url="redis://:hunter2@127.0.0.1:1/0", pattern="shop:*"), scene)
    assert "hunter2" not in str(caught.value)


class Worker(threading.Thread):
    """Takes letters, and puts the bad ones back among the dead."""

    def __init__(self, client: Any, prefix: str) -> None:
        super().__init__(daemon=True)
        self.client, self.prefix, self.done, self.stopping = client, prefix, [], threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            letter = self.client.brpop(f"{self.prefix}:live", timeout=0.05)
            if letter is None:
                continue
            if letter[1].startswith(b"bad"):
                self.client.lpush(f"{self.prefix}:dead", letter[1])
            self.done.append(letter[1])


@pytest.fixture
def worker(client: Any, prefix: str) -> Iterator[Worker]:
    worker = Worker(client, prefix)
    worker.start()
    yield worker
    worker.stopping.set()
    worker.join()


def parameters_for(prefix: str, **more: Any) -> RedriveParameters:
    return RedriveParameters(url=URL, dead=f"{prefix}:dead", live=f"{prefix}:live", settle_s=0.3, **more)


def test_all_letters_get_another_try_the_oldest_first(client: Any, prefix: str, worker: Worker, scene: Scene):
    client.lpush(f"{prefix}:dead", *(f"good-{number}" for number in range(7)))
    parameters = parameters_for(prefix, batch_count=3)
    done = Redrive().apply(parameters, scene)
    assert worker.done == [f"good-{number}".encode() for number in range(7)]
    assert "moved 7 letters" in done.detail
    assert Redrive().is_applied(parameters, scene) is True


def test_when_the_first_letter_dies_again_no_other_is_moved(client: Any, prefix: str, worker: Worker, scene: Scene):
    client.lpush(f"{prefix}:dead", "bad-0", *(f"good-{number}" for number in range(5)))
    with pytest.raises(ActionFailedError, match="stopped after 1 letters: a letter died again"):
        Redrive().apply(parameters_for(prefix), scene)
    assert worker.done == [b"bad-0"]
    assert client.llen(f"{prefix}:dead") == 6


def test_no_more_letters_are_moved_than_were_asked_for(client: Any, prefix: str, worker: Worker, scene: Scene):
    client.lpush(f"{prefix}:dead", *(f"good-{number}" for number in range(7)))
    Redrive().apply(parameters_for(prefix, letters_max=4), scene)
    assert len(worker.done) == 4
    assert client.llen(f"{prefix}:dead") == 3


def test_without_a_worker_one_letter_is_moved_and_no_more(client: Any, prefix: str, scene: Scene):
    client.lpush(f"{prefix}:dead", "a", "b", "c")
    with pytest.raises(ActionFailedError, match="not worked off in time"):
        Redrive().apply(parameters_for(prefix), msgspec.structs.replace(scene, timeout_s=0.5))
    assert (client.llen(f"{prefix}:dead"), client.llen(f"{prefix}:live")) == (2, 1)


def test_one_list_cannot_be_both(scene: Scene):
    parameters = RedriveParameters(url=URL, dead="x", live="x")
    assert Redrive().why_not(parameters, scene)
