"""An event as SDKs send it: only the fields that the stages read. What is not here stays in the payload.

These trees hold no cycles, so that the garbage collector need not look at them.
"""

from typing import Any

import msgspec

from naosu.domain.event import Frame

Scalar = str | int | float | bool | None


class WireStack(msgspec.Struct, gc=False):
    """``{"frames": [...]}``."""

    frames: tuple[Frame, ...] | None = None


class WireMechanism(msgspec.Struct, gc=False):
    """How an exception was caught."""

    type: str | None = None
    handled: bool | None = None
    meta: dict[str, Any] | None = None
    exception_id: int | None = None
    parent_id: int | None = None
    source: str | None = None
    is_exception_group: bool | None = None


class WireException(msgspec.Struct, gc=False):
    """One exception."""

    type: str | None = None
    value: str | None = None
    module: str | None = None
    stacktrace: WireStack | None = None
    mechanism: WireMechanism | None = None


class WireExceptions(msgspec.Struct, gc=False):
    """``{"values": [...]}``."""

    values: list[WireException | None] | None = None


class WireThread(msgspec.Struct, gc=False):
    """One thread."""

    crashed: bool | None = None
    current: bool | None = None
    stacktrace: WireStack | None = None


class WireThreads(msgspec.Struct, gc=False):
    """``{"values": [...]}``."""

    values: list[WireThread | None] | None = None


class WireMessage(msgspec.Struct, gc=False):
    """A log message: formatted, or a template with parameters."""

    formatted: str | None = None
    message: str | None = None
    params: list[Any] | dict[str, Any] | None = None


class WireRequest(msgspec.Struct, gc=False):
    """The HTTP request during which it happened."""

    method: str | None = None
    url: str | None = None


class WireUser(msgspec.Struct, gc=False):
    """Who was affected."""

    id: str | int | None = None
    username: str | None = None
    email: str | None = None
    ip_address: str | None = None


class WireTrace(msgspec.Struct, gc=False):
    """The trace context."""

    trace_id: str | None = None


class WireResponse(msgspec.Struct, gc=False):
    """The response context."""

    status_code: int | None = None


class WireContexts(msgspec.Struct, gc=False):
    """The contexts that stages read."""

    trace: WireTrace | None = None
    response: WireResponse | None = None


class WireSdkSettings(msgspec.Struct, gc=False):
    """What an SDK asks the server to do."""

    infer_ip: str | None = None


class WireSdk(msgspec.Struct, gc=False):
    """Who sent it."""

    name: str | None = None
    version: str | None = None
    settings: WireSdkSettings | None = None


class WireEvent(msgspec.Struct, gc=False):
    """The event."""

    event_id: str | None = None
    timestamp: str | int | float | None = None
    platform: str | None = None
    level: str | None = None
    logger: str | None = None
    transaction: str | None = None
    server_name: str | None = None
    release: str | None = None
    dist: str | None = None
    environment: str | None = None
    exception: WireExceptions | list[WireException | None] | None = None
    threads: WireThreads | list[WireThread | None] | None = None
    stacktrace: WireStack | None = None
    message: str | WireMessage | None = None
    logentry: WireMessage | None = None
    request: WireRequest | None = None
    contexts: WireContexts | None = None
    user: WireUser | None = None
    tags: dict[str, Scalar] | list[tuple[Scalar, Scalar] | None] | None = None
    fingerprint: list[Scalar] | None = None
    sdk: WireSdk | None = None
