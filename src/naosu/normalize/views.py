"""An event as people see it: plain values."""

import msgspec


class SourceLine(msgspec.Struct, frozen=True):
    """A line of source; `current` marks the one that was running."""

    number: int
    text: str
    current: bool = False


class FrameDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A call on a stack, with what the SDK saw there.

    Attributes:
        lines: Source around the call, numbered; empty when the SDK sent none.
        variables: Local variables, as text, in the order sent.
    """

    function: str
    module: str
    filename: str
    abs_path: str
    lineno: int
    colno: int
    in_app: bool
    lines: tuple[SourceLine, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    package: str = ""
    address: str = ""


class ExceptionDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One exception. `frames` begin with the crash, as people read them.

    Attributes:
        relation: How it belongs to another: empty, ``caused by``, ``while handling``, ``member of group``.
        handled: False: nobody caught it. None: unknown.
    """

    type: str
    value: str
    module: str
    frames: tuple[FrameDetail, ...]
    handled: bool | None = None
    mechanism: str = ""
    relation: str = ""
    depth: int = 0


class ThreadDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A thread, the crash or the current call first."""

    id: str
    name: str
    crashed: bool
    current: bool
    frames: tuple[FrameDetail, ...]


class RequestDetail(msgspec.Struct, frozen=True, kw_only=True):
    """The HTTP request. Pairs keep the order sent; `data` is the body as text."""

    method: str = ""
    url: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    data: str = ""


class Breadcrumb(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened before."""

    timestamp: str
    type: str
    category: str
    level: str
    message: str
    data: tuple[tuple[str, str], ...] = ()


class EventDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An event, whole.

    Attributes:
        exceptions: The one that was raised last first, its causes after it.
        contexts: By name: ``runtime``, ``os``, ``trace`` …
        unknown: Members that Naosu has no place for, as JSON text.
        filtered: Paths whose value was filtered, by the SDK or by Naosu.
    """

    event_id: str = ""
    timestamp: str = ""
    platform: str = "other"
    level: str = "error"
    logger: str = ""
    message: str = ""
    template: str = ""
    transaction: str = ""
    release: str = ""
    dist: str = ""
    environment: str = ""
    server_name: str = ""
    sdk: str = ""
    exceptions: tuple[ExceptionDetail, ...] = ()
    stack: tuple[FrameDetail, ...] = ()
    threads: tuple[ThreadDetail, ...] = ()
    request: RequestDetail | None = None
    user: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    contexts: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    modules: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    filtered: tuple[str, ...] = ()
