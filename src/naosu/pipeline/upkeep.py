"""What is done now and then so that the store stays small and quick."""

import itertools
from collections.abc import Callable

from naosu.pipeline.body_codec import train
from naosu.ports.clock import Clock
from naosu.ports.store import Store

TRAIN_AT_EVENTS = (200, 5_000, 100_000)
"""A dictionary is trained when this many events are stored: early, then twice more as the mix becomes known."""

SAMPLES_MAX = 400
SAMPLE_BYTES_MAX = 8_000_000
EVICTION_STEPS_MAX = 20
COMPACT_EVERY_S = 60.0


class Upkeep:
    """Retention, roll-ups and dictionary training, in steps that each hold no lock for long."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._compacted_at = clock.now()
        self._trained_for = 0

    def step(self, *, go_on: Callable[[], bool] = lambda: True) -> None:
        """Do what is due; `go_on` is asked between steps, so that a shutdown need not wait."""
        self._train_dictionary()
        self._evict(go_on)
        now = self._clock.now()
        if (now - self._compacted_at).total_seconds() >= COMPACT_EVERY_S:
            self._store.compact(now=now)
            self._compacted_at = now

    def _train_dictionary(self) -> None:
        stored = self._store.totals().stored_event_count
        reached = max((mark for mark in TRAIN_AT_EVENTS if mark <= stored), default=0)
        newest = self._store.newest_dictionary()
        if reached in (0, self._trained_for) or (newest is not None and newest.id >= _generation(reached)):
            return
        self._trained_for = reached
        if content := train(_bounded(self._store.sample_payloads(SAMPLES_MAX))):
            self._store.add_dictionary(content, now=self._clock.now())

    def _evict(self, go_on: Callable[[], bool]) -> None:
        for project in self._store.list_projects():
            for _ in range(EVICTION_STEPS_MAX):
                if not go_on() or not self._store.evict(project.id, project.settings.retention, now=self._clock.now()):
                    break


def _generation(mark: int) -> int:
    """The first training makes dictionary 1, the second 2, and so on."""
    return TRAIN_AT_EVENTS.index(mark) + 1


def _bounded(payloads: list[bytes]) -> list[bytes]:
    """Return as many payloads from the start as fit in `SAMPLE_BYTES_MAX`."""
    sizes = itertools.accumulate(len(payload) for payload in payloads)
    return [payload for payload, total in zip(payloads, sizes, strict=True) if total <= SAMPLE_BYTES_MAX]
