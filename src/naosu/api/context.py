"""What the API needs from the outside, handed over by the wiring."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from starlette.requests import HTTPConnection

from naosu.domain.report import Report
from naosu.ports.clock import Clock
from naosu.ports.inbox import InboxDepth
from naosu.ports.store import Store


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation can change about the API.

    Attributes:
        organization_slug: The one organization that Sentry's API shows; any other slug in a path means it too.
        loopback_only: The server is bound to loopback, so `/metrics` asks for nothing.
        metrics_token: Bearer value that opens `/metrics` from elsewhere. Empty: an API token is needed.
        login_attempts_max: Failed sign-ins for one address or peer within `login_window_s`, before 429.
    """

    organization_slug: str = "naosu"
    organization_name: str = "Naosu"
    loopback_only: bool = True
    metrics_token: str = ""
    body_bytes_max: int = 1_048_576
    session_ttl_s: int = 14 * 86_400
    first_run_ttl_s: int = 7 * 86_400
    login_attempts_max: int = 10
    login_window_s: int = 300


class ProcessInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One process of the group, as the supervisor sees it.

    Attributes:
        name: ``web``, ``digest``, ``watch`` or ``supervisor``.
        cpu_percent: Of one core, since the last look.
        state: ``running``, ``starting`` or ``stopped``.
    """

    name: str
    pid: int
    cpu_percent: float = 0.0
    cpu_seconds: float = 0.0
    rss_bytes: int = 0
    started_at: datetime | None = None
    state: str = "running"
    restart_count: int = 0


def _has_room() -> None:
    """Claim that nothing is refused: for contexts without a door."""


class ApiContext(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a handler may use.

    Attributes:
        inbox_depth: How much waits. May raise NaosuError when the inbox cannot be reached.
        inbox_room: Raises NaosuError when reports are refused because the inbox is full.
        redrive: Puts a dead letter's report back into the inbox, durably.
        processes: The process group now.
        public_url: Base URL as people and SDKs reach it, no slash at the end.
    """

    store: Store
    clock: Clock
    inbox_depth: Callable[[], InboxDepth]
    redrive: Callable[[Report], None]
    processes: Callable[[], Sequence[ProcessInfo]]
    public_url: str
    version: str
    settings: ApiSettings = ApiSettings()
    inbox_room: Callable[[], None] = _has_room


def context_of(connection: HTTPConnection) -> ApiContext:
    """Return the context of the application that serves this request: `app.state.context`."""
    context: ApiContext = connection.app.state.context
    return context
