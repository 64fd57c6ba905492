"""What becomes of each item type: kept, or dropped with a reason that is counted."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.ingest.sentry.envelope import Item

_REASON = re.compile(r"[^a-z0-9]+")
_REASON_CHARS_MAX = 60
_QUANTITY_MAX = 2**31
_OTHER_REASON = "other"
_KNOWN_REASONS = frozenset(  # those of Sentry's SDK developer documentation, and of SDKs that are out there
    {
        "queue_overflow",
        "cache_overflow",
        "buffer_overflow",
        "ratelimit_backoff",
        "network_error",
        "sample_rate",
        "before_send",
        "event_processor",
        "send_error",
        "internal_sdk_error",
        "insufficient_data",
        "backpressure",
        "ignored",
        "ignore_errors",
        "ignore_transactions",
        "ignore_spans",
        "inbound_filter",
        "no_parent_span",
        "invalid",
        "too_big",
        "unknown",
    }
)
UNKNOWN_KIND = "unknown_kind"


class ItemFate(msgspec.Struct, frozen=True):
    """What this version does with an item type.

    Attributes:
        drop_reason: Why it is dropped. Empty: it is kept.
    """

    category: DataCategory
    drop_reason: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether items of the type are digested."""
        return not self.drop_reason


def _dropped(*types: str, category: DataCategory) -> dict[str, ItemFate]:
    return {name: ItemFate(category, f"{name}_not_kept") for name in types}


ITEM_FATES: dict[str, ItemFate] = {
    "event": ItemFate(DataCategory.ERROR),
    "transaction": ItemFate(DataCategory.TRANSACTION),
    "attachment": ItemFate(DataCategory.ATTACHMENT),
    "check_in": ItemFate(DataCategory.MONITOR),
    "log": ItemFate(DataCategory.LOG_ITEM),
    "client_report": ItemFate(DataCategory.INTERNAL),
    **_dropped("span", "otel_span", category=DataCategory.SPAN),
    **_dropped("session", "sessions", category=DataCategory.SESSION),
    **_dropped("otel_log", category=DataCategory.LOG_ITEM),
    **_dropped("trace_metric", category=DataCategory.TRACE_METRIC),
    **_dropped("feedback", "user_report", category=DataCategory.FEEDBACK),
    **_dropped("profile", category=DataCategory.PROFILE),
    **_dropped("profile_chunk", "profile_chunk_ui", category=DataCategory.PROFILE_CHUNK),
    **_dropped("replay_event", "replay_recording", "replay_video", category=DataCategory.REPLAY),
    **_dropped("statsd", "metric_buckets", "metric_meta", category=DataCategory.STATSD),
    **_dropped("security", "raw_security", "nel", category=DataCategory.SECURITY),
    **_dropped("form_data", "unreal_report", category=DataCategory.ERROR),
}
_UNKNOWN = ItemFate(DataCategory.DEFAULT, UNKNOWN_KIND)
_COUNTED_BY_HEADER = frozenset({"log", "span", "trace_metric"})


def fate_of(item_type: str) -> ItemFate:
    """Return what becomes of items of this type, known or not."""
    return ITEM_FATES.get(item_type, _UNKNOWN)


def quantity_of(item: Item) -> int:
    """Return how many things an item carries: containers say so in their header."""
    count = item.header.item_count
    if count is None or item.type not in _COUNTED_BY_HEADER:
        return 1
    return min(max(count, 1), len(item.payload) or 1)  # no more things than bytes, whatever the header claims


class _Discarded(msgspec.Struct):
    reason: str = "unknown"
    category: str = "default"
    quantity: int = 0


class _ClientReport(msgspec.Struct):
    discarded_events: list[_Discarded] = []
    rate_limited_events: list[_Discarded] = []
    filtered_events: list[_Discarded] = []
    filtered_sampling_events: list[_Discarded] = []

    def all(self) -> Iterable[_Discarded]:
        yield from self.discarded_events
        yield from self.rate_limited_events
        yield from self.filtered_events
        yield from self.filtered_sampling_events


_CLIENT_REPORT = msgspec.json.Decoder(_ClientReport)


def client_report_entries(payload: bytes, *, project_id: int, minute: datetime) -> list[LedgerEntry]:
    """Return what an SDK says that it never sent. Byte counts are left out: the ledger counts things.

    Reasons are the sender's own text. Those that no SDK is known to have become "other", so that nobody can fill the
    ledger with them; their quantities stay.

    Raises:
        msgspec.MsgspecError: It is not a client report.
    """
    totals: dict[tuple[DataCategory, str], int] = {}
    for lost in _CLIENT_REPORT.decode(payload).all():
        if lost.quantity > 0 and not lost.category.endswith("_byte"):
            key = (to_category(lost.category), _known_reason(lost.reason))
            totals[key] = totals.get(key, 0) + min(lost.quantity, _QUANTITY_MAX)
    return [
        LedgerEntry(
            project_id=project_id,
            minute=minute,
            category=category,
            outcome=Outcome.LOST_BY_CLIENT,
            reason=reason,
            quantity=quantity,
        )
        for (category, reason), quantity in totals.items()
    ]


def _known_reason(text: str) -> str:
    reason = to_reason(text[:_REASON_CHARS_MAX])
    return reason if reason in _KNOWN_REASONS else _OTHER_REASON


def to_category(text: str) -> DataCategory:
    """Return the category that an SDK names, DEFAULT for one that is not known."""
    return _CATEGORIES.get(text, DataCategory.DEFAULT)


def to_reason(text: Any) -> str:
    """Return a reason fit for the ledger from what a sender wrote."""
    return _REASON.sub("_", str(text).lower()).strip("_")[:_REASON_CHARS_MAX] or "unknown"


_CATEGORIES = {category.value: category for category in DataCategory} | {"statsd": DataCategory.STATSD}
