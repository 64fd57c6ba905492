"""What became of each thing that was sent: the outcome ledger's vocabulary."""

from datetime import datetime
from enum import StrEnum

import msgspec


class DataCategory(StrEnum):
    """Kinds of data as Sentry SDKs name them in rate limits and client reports."""

    ERROR = "error"
    TRANSACTION = "transaction"
    SPAN = "span"
    ATTACHMENT = "attachment"
    SESSION = "session"
    MONITOR = "monitor"
    LOG_ITEM = "log_item"
    TRACE_METRIC = "trace_metric"
    FEEDBACK = "feedback"
    PROFILE = "profile"
    PROFILE_CHUNK = "profile_chunk"
    REPLAY = "replay"
    SECURITY = "security"
    STATSD = "metric_bucket"
    INTERNAL = "internal"
    DEFAULT = "default"


class Outcome(StrEnum):
    """Sent = the sum over all outcomes, always."""

    ACCEPTED = "accepted"  # stored
    FILTERED = "filtered"  # by a rule, or of a kind that this version does not keep
    LIMITED = "limited"  # refused with 429, 413 or 503
    SAMPLED = "sampled"  # counted on its issue, body not kept
    INVALID = "invalid"  # malformed, or not allowed
    DEAD = "dead"  # accepted, but could not be digested: in the dead letters
    LOST_BY_CLIENT = "lost_by_client"  # never sent: the SDK says so in a client report


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """So many things of one category met one fate, in one project and minute.

    Attributes:
        project_id: 0 where no project could be told (a wrong key).
        minute: Start of the minute. UTC, aware.
        reason: Stable snake_case name, e.g. ``rate_limit``, ``unknown_key``. Empty for ACCEPTED.
        quantity: Always positive.
    """

    project_id: int
    minute: datetime
    category: DataCategory
    outcome: Outcome
    reason: str
    quantity: int
