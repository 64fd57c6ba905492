"""One occurrence of a problem, in our own shape: what the stages read."""

from datetime import datetime
from enum import StrEnum

import msgspec


class Level(StrEnum):
    """As SDKs send it."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"


class Frame(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One call on a stack. Empty strings and 0 stand for what the SDK did not send.

    Attributes:
        in_app: Whether this is the application's own code. None: the SDK did not say.
        context_line: The source line, as sent.
    """

    module: str = ""
    function: str = ""
    filename: str = ""
    abs_path: str = ""
    lineno: int = 0
    in_app: bool | None = None
    context_line: str = ""
    package: str = ""


class ExceptionValue(msgspec.Struct, frozen=True, kw_only=True):
    """One exception of a chain or group.

    Attributes:
        frames: Outermost call first, crash last, as SDKs send them.
        handled: False: it ended the request or process. None: unknown.
        exception_id: Number within the event; `parent_id` names the one it belongs to (-1: none).
        is_group: It is an ExceptionGroup (or AggregateError) whose members follow.
    """

    type: str = ""
    value: str = ""
    module: str = ""
    frames: tuple[Frame, ...] = ()
    handled: bool | None = None
    mechanism: str = ""
    errno: int | None = None
    exception_id: int = -1
    parent_id: int = -1
    source: str = ""
    is_group: bool = False


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Who was affected, as scrubbed."""

    id: str = ""
    username: str = ""
    email: str = ""
    ip_address: str = ""

    @property
    def key(self) -> str:
        """The first identifying field, ``id:7``; empty when there is none."""
        for name in ("id", "username", "email", "ip_address"):
            if value := getattr(self, name):
                return f"{name.removesuffix('_address')}:{value}"
        return ""


class ScrubNote(msgspec.Struct, frozen=True):
    """That something was removed from an event, where, and by which rule.

    Attributes:
        field: Path as ``request.headers.Authorization``, or the nearest that is known.
        rule: Name of the rule: ``password``, ``credit_card``, ``email`` …
    """

    field: str
    rule: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the stages read it; `payload` has everything else.

    Attributes:
        event_id: 32 lower-case hex digits.
        occurred_at: By the sender's clock, corrected when absurd. UTC, aware.
        received_at: By ours. UTC, aware.
        exceptions: Cause first, outermost last, as SDKs send them.
        stack: Frames of the crashed or current thread, or of the event itself, when no exception has any.
        message: The formatted log message; `message_template` is the unformatted one when known.
        fingerprint: As the client set it; empty when it did not.
        status_code: Of the HTTP answer, when known. 0: unknown.
        tags: Sorted by key; release, environment, level … are fields, not tags.
        payload: The whole scrubbed event as JSON, UTF-8.
        scrubbed: What was removed.
    """

    event_id: str
    project_id: int
    occurred_at: datetime
    received_at: datetime
    platform: str = "other"
    level: Level = Level.ERROR
    logger: str = ""
    transaction: str = ""
    server_name: str = ""
    release: str = ""
    dist: str = ""
    environment: str = ""
    exceptions: tuple[ExceptionValue, ...] = ()
    stack: tuple[Frame, ...] = ()
    message: str = ""
    message_template: str = ""
    request_method: str = ""
    request_url: str = ""
    status_code: int = 0
    user: User = User()
    tags: tuple[tuple[str, str], ...] = ()
    fingerprint: tuple[str, ...] = ()
    sdk: str = ""
    trace_id: str = ""
    payload: bytes = b""
    scrubbed: tuple[ScrubNote, ...] = ()
