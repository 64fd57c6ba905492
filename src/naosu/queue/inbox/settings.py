"""How large the inbox may grow, and how soon it forgets."""

import msgspec


class InboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of the inbox on disk.

    Attributes:
        segment_bytes_max: A segment larger than this is sealed, and the next one begun.
        segment_age_max_s: A segment older than this is sealed by `tick`, so that what is digested leaves the disk soon.
        segments_by_age_max: While more segments than this wait, age alone seals none: the reader is behind anyway.
        backlog_bytes_max: With more than this waiting in all streams, reports are refused.
        free_bytes_min: Below this much free disk reports are refused, so that digesting can go on. On small disks an
            eighth of the disk counts instead.
        lease_interval_s: How often a reader looks for streams that nobody reads.
    """

    segment_bytes_max: int = 32 * 1024 * 1024
    segment_age_max_s: float = 2.0
    segments_by_age_max: int = 8
    backlog_bytes_max: int = 2 * 1024 * 1024 * 1024
    free_bytes_min: int = 16 * 1024 * 1024
    lease_interval_s: float = 0.25
