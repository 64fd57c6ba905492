"""What a digester remembers between batches, so that it need not ask the database."""

from collections import Counter
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(dict[K, V], Generic[K, V]):
    """A dictionary that forgets its oldest half when it is full."""

    def __init__(self, count_max: int) -> None:
        super().__init__()
        self._count_max = count_max

    def __setitem__(self, key: K, value: V) -> None:
        if len(self) >= self._count_max and key not in self:
            for old in list(self)[: self._count_max // 2]:
                del self[old]
        super().__setitem__(key, value)


class KnownFingerprint(NamedTuple):
    """What does not change about a fingerprint within an epoch."""

    id: int
    issue_id: int
    classification: bytes
    scrubbed: bytes
    pinned: int


class KnownRelease(NamedTuple):
    """What does not change about a release."""

    id: int
    created_at: datetime


class DigestCache:
    """True as long as the stored epoch is this one: whoever makes it wrong changes the epoch."""

    def __init__(self) -> None:
        self.epoch = -1
        self.fingerprints: Bounded[tuple[int, str], KnownFingerprint] = Bounded(20_000)
        self.settled: Bounded[tuple[int, str], tuple[str, ...]] = Bounded(20_000)
        self.releases: Bounded[tuple[int, str], KnownRelease] = Bounded(5_000)
        self.signatures: Bounded[tuple[int, str], int] = Bounded(50_000)
        self.terms: Bounded[str, int] = Bounded(50_000)
        self.facet_counts: Bounded[int, Counter[str]] = Bounded(10_000)

    def clear(self, epoch: int = -1) -> None:
        """Forget all."""
        self.epoch = epoch
        for part in (
            self.fingerprints,
            self.settled,
            self.releases,
            self.signatures,
            self.terms,
            self.facet_counts,
        ):
            part.clear()
