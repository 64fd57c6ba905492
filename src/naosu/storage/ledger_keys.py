"""The outcome ledger's arithmetic, the same for every store."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome

LedgerKey = tuple[int, datetime, DataCategory, Outcome, str]

ROLL_UP_AFTER = timedelta(days=2)
RECEIPTS_KEPT = timedelta(days=1)
NEW_FOR = timedelta(days=1)


def minute_of(moment: datetime) -> datetime:
    """Return the start of its minute."""
    return moment.replace(second=0, microsecond=0)


def hour_of(moment: datetime) -> datetime:
    """Return the start of its hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def add_up(entries: Iterable[LedgerEntry]) -> Counter[LedgerKey]:
    """Return quantities by key."""
    quantities: Counter[LedgerKey] = Counter()
    for entry in entries:
        key = (entry.project_id, minute_of(entry.minute), entry.category, entry.outcome, entry.reason)
        quantities[key] += entry.quantity
    return quantities


class TotalParts:
    """The parts of `Totals` that come from the ledger."""

    def __init__(self, quantities: Mapping[tuple[DataCategory, Outcome, str], int]) -> None:
        self.event_count = 0
        self.accepted: dict[str, int] = {}
        self.dropped: dict[str, int] = {}
        self.sampled: dict[str, int] = {}
        self.lost_by_client: dict[str, int] = {}
        for (category, outcome, reason), quantity in sorted(quantities.items()):
            if outcome is Outcome.ACCEPTED:
                _add(self.accepted, category.value, quantity)
            elif outcome is Outcome.LOST_BY_CLIENT:
                _add(self.lost_by_client, reason, quantity)
            elif outcome is not Outcome.DEAD:
                _add(self.dropped, reason or outcome.value, quantity)
            if outcome is Outcome.SAMPLED:
                _add(self.sampled, reason or outcome.value, quantity)
            if category is DataCategory.ERROR and outcome in {Outcome.ACCEPTED, Outcome.SAMPLED}:
                self.event_count += quantity


def _add(counts: dict[str, int], name: str, quantity: int) -> None:
    counts[name] = counts.get(name, 0) + quantity
