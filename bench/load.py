"""A cheap HTTP load client for envelopes: prepared requests, raw sockets, closed or open loop."""

import asyncio
import json
import secrets
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

RECORDED = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "envelopes"
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"


class Prepared(msgspec.Struct, frozen=True):
    """An envelope whose items are compressed once, and whose header line is not: it carries the event id.

    Attributes:
        tail: Everything after the header line.
        deflated: `tail` as deflate blocks that can follow any others.
    """

    tail: bytes
    deflated: bytes


def prepare(path: Path) -> Prepared:
    """Compress all but the header line of a recorded envelope."""
    _, _, tail = path.read_bytes().partition(b"\n")
    tail = b"\n" + tail
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    return Prepared(tail, compressor.compress(tail) + compressor.flush(zlib.Z_FINISH))


def recorded_envelopes() -> list[Prepared]:
    """Return the recorded envelopes of ordinary faults; exit with a reason where they are absent."""
    paths = sorted(RECORDED.glob("*.envelope"))
    if not paths:
        raise SystemExit(f"no recorded envelopes in {RECORDED}: this bench replays those")
    return [prepare(path) for path in paths]


def gzip_with_header(prepared: Prepared, header: bytes) -> bytes:
    """Make a gzip body of the header line (a stored block) and the prepared rest."""
    stored = b"\x00" + struct.pack("<HH", len(header), len(header) ^ 0xFFFF) + header
    check = zlib.crc32(prepared.tail, zlib.crc32(header))
    size = (len(header) + len(prepared.tail)) & 0xFFFFFFFF
    return GZIP_HEADER + stored + prepared.deflated + struct.pack("<II", check, size)


def requests(prepared: list[Prepared], *, dsn_key: str, project_id: int, host: str) -> Iterator[tuple[str, bytes]]:
    """Yield event ids and whole HTTP requests, without end, each with an id of its own."""
    head = (
        f"POST /api/{project_id}/envelope/ HTTP/1.1\r\nHost: {host}\r\nContent-Encoding: gzip\r\n"
        "Content-Type: application/x-sentry-envelope\r\n"
        f"X-Sentry-Auth: Sentry sentry_key={dsn_key}, sentry_version=7, sentry_client=sentry.python/2.75.0\r\n"
        "User-Agent: sentry.python/2.75.0\r\n"
    ).encode()
    while True:
        for envelope in prepared:
            event_id = secrets.token_hex(16)
            header = json.dumps({"event_id": event_id, "sent_at": "2026-11-21T21:53:04.129962Z"}).encode()
            body = gzip_with_header(envelope, header)
            yield event_id, head + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.buffer = b""
        self.waiter: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Resolve the waiter when the whole answer is there."""
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self.buffer[:head_end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < head_end + 4 + length:
            return
        status = int(self.buffer[9:12])
        self.buffer = self.buffer[head_end + 4 + length :]
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the waiter."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_exception(exc or ConnectionResetError("closed by the server"))

    async def send(self, request: bytes) -> int:
        """Send one request and return the status of its answer."""
        self.waiter = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.waiter


class LoadResult(msgspec.Struct, kw_only=True):
    """What a run of load did.

    Attributes:
        statuses: How often each status was answered.
        latencies_s: Of answered requests.
        acknowledged: Ids of the events that were answered 200.
        seconds: From the first request to the last answer.
    """

    statuses: dict[int, int] = {}
    latencies_s: list[float] = []
    acknowledged: list[str] = []
    seconds: float = 0.0

    def note(self, status: int, latency_s: float, event_id: str) -> None:
        """Count one answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.latencies_s.append(latency_s)
        if status == 200:
            self.acknowledged.append(event_id)


async def closed_loop(
    port: int, source: Iterator[tuple[str, bytes]], *, connections: int, seconds: float, count_max: int = 10_000_000
) -> LoadResult:
    """Send as fast as answers come, over so many connections, until the time or the count is reached."""
    loop = asyncio.get_running_loop()
    result = LoadResult()
    started = time.perf_counter()
    sent = 0

    async def work() -> None:
        nonlocal sent
        _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
        while time.perf_counter() - started < seconds and sent < count_max:
            sent += 1
            event_id, request = next(source)
            before = time.perf_counter()
            try:
                status = await connection.send(request)
            except OSError:
                break
            result.note(status, time.perf_counter() - before, event_id)
        connection.transport.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    result.seconds = time.perf_counter() - started
    return result


async def open_loop(
    port: int, source: Iterator[tuple[str, bytes]], *, rate_per_s: float, seconds: float, connections: int = 64
) -> LoadResult:
    """Send at a fixed rate, whatever the answers do; a latency counts from when the request was due."""
    loop = asyncio.get_running_loop()
    result = LoadResult()
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
        idle.put_nowait(connection)
    started = time.perf_counter()
    under_way: set[asyncio.Task[None]] = set()

    async def one(due: float) -> None:
        connection = await idle.get()
        event_id, request = next(source)
        status = await connection.send(request)
        result.note(status, time.perf_counter() - due, event_id)
        idle.put_nowait(connection)

    for number in range(int(rate_per_s * seconds)):
        due = started + number / rate_per_s
        if (wait_s := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait_s)
        task = asyncio.create_task(one(due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    result.seconds = time.perf_counter() - started
    return result
