"""What an application did when it was run: how it started, what it answered, what it wrote."""

import msgspec

from naosu.domain.evidence import Crash, WebRequest


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer.

    Attributes:
        status: 0: there was no answer, or it broke off; `error` says why.
        headers: Names in lower case, in the order in which they came; one may come several times.
        body: At most a megabyte of it.
        first_byte_s, total_s: From the request to the first byte of the body, and to its end.
        log: What the server wrote between this request and the next.
    """

    request: WebRequest
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    first_byte_s: float = 0.0
    total_s: float = 0.0
    error: str = ""
    log: str = ""


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What an application says of itself, imported in a scratch copy but not served.

    Attributes:
        framework: ``fastapi``, ``starlette``, ``flask``, ``django``, or empty: unknown.
        openapi: Its OpenAPI document as JSON. Empty: it has none, or could not be imported.
        routes: Method and path pattern of each route, as the framework writes it, where there is no OpenAPI document.
        databases: SQLAlchemy URLs of the engines that it made, passwords included; SQLite paths as it wrote them.
        error: Why it could not be imported. Empty: it was.
    """

    framework: str = ""
    openapi: bytes = b""
    routes: tuple[tuple[str, str], ...] = ()
    databases: tuple[str, ...] = ()
    error: str = ""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        started: It accepted connections.
        log: All that it wrote.
        crashes: The tracebacks in that.
        exchanges: In the order of the requests.
        schema: Table → column → type, of its databases, after the run.
        row_counts: Table → rows, before any request.
        proof_ok: What the plan's script said. None: there was none, or it failed.
        isolation: What of the isolation could not be had on this machine, a line each.
        tests_passed: Names of the project's own tests that passed. None: there are none, or they could not run.
    """

    started: bool
    log: str = ""
    crashes: tuple[Crash, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    schema: dict[str, dict[str, str]] = {}
    row_counts: dict[str, int] = {}
    proof_ok: bool | None = None
    proof_detail: str = ""
    isolation: tuple[str, ...] = ()
    tests_passed: tuple[str, ...] | None = None
    seconds: float = 0.0
