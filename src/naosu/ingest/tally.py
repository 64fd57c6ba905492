"""Counts that the door makes, added up until they are shipped: bounded memory, exact sums."""

from datetime import datetime

from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.report import SampledCount, Tally

_OVERFLOW = "other"

_LedgerKey = tuple[int, datetime, DataCategory, Outcome, str]
_Span = tuple[int, datetime, datetime]


def minute_of(moment: datetime) -> datetime:
    """Return the start of the minute."""
    return moment.replace(second=0, microsecond=0)


class TallyBuilder:
    """Adds up ledger entries and sampled counts. Not safe for threads.

    With more than `keys_max` different entries, further ones lose their reason or signature, but never their number.
    """

    def __init__(self, *, keys_max: int = 10_000) -> None:
        self._keys_max = keys_max
        self._ledger: dict[_LedgerKey, int] = {}
        self._sampled: dict[tuple[int, str], _Span] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to ship."""
        return bool(self._ledger or self._sampled)

    def count(
        self,
        *,
        project_id: int,
        at: datetime,
        category: DataCategory,
        outcome: Outcome,
        reason: str,
        quantity: int = 1,
    ) -> None:
        """Add to the ledger."""
        key = (project_id, minute_of(at), category, outcome, reason)
        if key not in self._ledger and len(self._ledger) >= self._keys_max:
            # Minutes go too: while nothing can be shipped for hours, the number of keys must still stay bounded.
            key = (0, self._first_minute(), category, outcome, _OVERFLOW)
        self._ledger[key] = self._ledger.get(key, 0) + quantity

    def sample(self, count: SampledCount) -> None:
        """Add events that were counted and not kept."""
        key = (count.project_id, count.signature)
        if key not in self._sampled and len(self._sampled) >= self._keys_max:
            key = (count.project_id, _OVERFLOW)
        quantity, first_at, last_at = self._sampled.get(key, (0, count.first_at, count.last_at))
        self._sampled[key] = (
            quantity + count.quantity,
            min(first_at, count.first_at),
            max(last_at, count.last_at),
        )

    def add(self, tally: Tally) -> None:
        """Add a whole tally, one that could not be shipped for instance."""
        for entry in tally.ledger:
            self.count(
                project_id=entry.project_id,
                at=entry.minute,
                category=entry.category,
                outcome=entry.outcome,
                reason=entry.reason,
                quantity=entry.quantity,
            )
        for sampled in tally.sampled:
            self.sample(sampled)

    def take(self) -> Tally:
        """Return the sums, and begin anew."""
        ledger = tuple(
            LedgerEntry(
                project_id=project_id,
                minute=minute,
                category=category,
                outcome=outcome,
                reason=reason,
                quantity=quantity,
            )
            for (project_id, minute, category, outcome, reason), quantity in self._ledger.items()
        )
        sampled = tuple(
            SampledCount(
                project_id=project_id, signature=signature, quantity=quantity, first_at=first_at, last_at=last_at
            )
            for (project_id, signature), (quantity, first_at, last_at) in self._sampled.items()
        )
        self._ledger, self._sampled = {}, {}
        return Tally(ledger=ledger, sampled=sampled)

    def _first_minute(self) -> datetime:
        return next(iter(self._ledger))[1]
