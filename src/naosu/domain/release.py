"""A version of an application, as its events and its deploys name it."""

from datetime import datetime

import msgspec


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release.

    Attributes:
        created_at: When first heard of, by an event or by sentry-cli.
        released_at: When finalised. None: not yet.
        refs: Commit references as sentry-cli sent them, JSON.
    """

    id: int
    project_id: int
    version: str
    created_at: datetime
    released_at: datetime | None = None
    url: str = ""
    refs: bytes = b"[]"
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    event_count: int = 0
    new_issue_count: int = 0


class Deploy(msgspec.Struct, frozen=True, kw_only=True):
    """That a release went live in an environment."""

    id: int
    release_id: int
    environment: str
    name: str = ""
    url: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
