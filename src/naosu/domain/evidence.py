"""Evidence of a fault: what was raised and where, what was asked, and what the server wrote."""

import msgspec


class CodeFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of a traceback, outermost first in its exception.

    Attributes:
        path: As it was printed; it may be from another machine.
        source_path: The same file in the source tree, relative, with slashes. Empty: it is not the application's own.
        line: From 1. 0: unknown.
        code: The line's text, stripped. Empty: unknown.
    """

    path: str
    source_path: str = ""
    line: int = 0
    function: str = ""
    code: str = ""


class Raised(msgspec.Struct, frozen=True, kw_only=True):
    """One exception of a chain.

    Attributes:
        type: As it was printed: ``sqlalchemy.exc.OperationalError``, or without a module when it has none.
        message: All lines of it.
        frames: Outermost first.
    """

    type: str
    message: str
    frames: tuple[CodeFrame, ...] = ()

    @property
    def name(self) -> str:
        """The type without its module."""
        return self.type.rpartition(".")[2]


class Crash(msgspec.Struct, frozen=True, kw_only=True):
    """One traceback: the exceptions of its chain, in the order in which they were raised, so the last is what surfaced.

    Attributes:
        count: How often it was seen.
    """

    chain: tuple[Raised, ...]
    count: int = 1

    @property
    def last(self) -> Raised:
        """What surfaced."""
        return self.chain[-1]

    @property
    def own_frames(self) -> tuple[CodeFrame, ...]:
        """The application's own frames over the whole chain, outermost first."""
        return tuple(frame for raised in self.chain for frame in raised.frames if frame.source_path)


class WebRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that can be sent again.

    Attributes:
        path: With its query string.
        body: None: none.
        status: What was answered when it was recorded. 0: unknown.
        is_made_up: Its path parameters or body were made from the application's own schema, not recorded.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    status: int = 0
    is_made_up: bool = False

    @property
    def line(self) -> str:
        """The request as people write it: ``GET /orders/7``."""
        return f"{self.method} {self.path}"


class FaultEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a fault before anything is tried.

    Attributes:
        crashes: Distinct tracebacks, the most frequent first.
        requests: Those that failed first, then those that worked.
        log: The server's log as it was given, without secrets.
    """

    crashes: tuple[Crash, ...] = ()
    requests: tuple[WebRequest, ...] = ()
    log: str = ""
