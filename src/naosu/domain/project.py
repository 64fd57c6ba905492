"""One application being watched, its keys and what it asks of us."""

from datetime import datetime

import msgspec

from naosu.domain.fingerprint import GroupingRule


class ScrubSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is removed before anything is stored. Passwords, tokens, cookies and cards always are.

    Attributes:
        fields: Further key names (case-insensitive, substring) whose values go.
        patterns: Further regular expressions whose matches go, from a linear-time subset, as ``(name, pattern)``.
        keep: Key names that are never scrubbed by name (a false alarm of the defaults).
    """

    emails: bool = True
    ip_addresses: bool = True
    fields: tuple[str, ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()
    keep: tuple[str, ...] = ()


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """At most `quantity` in `window_s` seconds for these categories (empty: all)."""

    quantity: int
    window_s: int = 60
    categories: tuple[str, ...] = ()


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept: nothing older than `days`; no more than `events_max` events.

    As many transactions, check-ins and log records are kept, each kind for itself, the newest.
    """

    days: int = 90
    events_max: int = 1_000_000


class ProjectSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All that a project can change about how its data is treated."""

    scrub: ScrubSettings = ScrubSettings()
    rate_limits: tuple[RateLimit, ...] = ()
    retention: Retention = Retention()
    grouping_rules: tuple[GroupingRule, ...] = ()
    allowed_origins: tuple[str, ...] = ("*",)


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A DSN key: the public part is all that ingest needs."""

    id: int
    project_id: int
    public_key: str
    label: str = ""
    active: bool = True
    rate_limits: tuple[RateLimit, ...] = ()
    created_at: datetime


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """An application being watched."""

    id: int
    slug: str
    name: str
    platform: str = ""
    created_at: datetime
    settings: ProjectSettings = ProjectSettings()
