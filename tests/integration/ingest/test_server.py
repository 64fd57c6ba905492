"""The door behind a real server and a real socket: slow and oversized clients, the real SDK, a real inbox."""

import contextlib
import gzip
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ingest_world import KEY, LIMITS, Server, World, envelope

from naosu.domain.report import Report
from naosu.ingest.encoding import decode_body
from naosu.ingest.limits import IngestLimits
from naosu.ingest.sentry.envelope import parse_envelope
from naosu.queue.inbox import SqliteInboxReader, SqliteInboxWriter

PATH = f"/api/1/envelope/?sentry_key={KEY}"
EVENT = envelope(("event", b'{"message":"x"}'))
Serve = Callable[..., Server]


def exchange(server: Server, data: bytes, *, pause_s: float = 0.0) -> bytes:
    """Send bytes as they are, and return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        for start in range(0, len(data), 65536) if not pause_s else range(len(data)):
            try:
                connection.sendall(data[start : start + 65536] if not pause_s else data[start : start + 1])
            except OSError:
                break
            time.sleep(pause_s)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionResetError:
            pass
        return answer


def request(body: bytes = EVENT, *, headers: bytes = b"", close: bool = True) -> bytes:
    ending = b"connection: close\r\n" if close else b""
    head = b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n" % (PATH.encode(), len(body))
    return head + headers + ending + b"\r\n" + body


def test_a_request_through_a_socket_is_answered(world: World, serve: Serve) -> None:
    answer = exchange(serve(world.app), request())
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b'{"id":"%s"}' % (b"c" * 32))


def test_chunked_bodies_are_taken(world: World, serve: Serve) -> None:
    head = b"POST %s HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n" % PATH.encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in EVENT)
    assert exchange(serve(world.app), head + chunks + b"0\r\n\r\n").startswith(b"HTTP/1.1 200")
    (report,), _ = world.reports_and_counts()
    assert report.body == EVENT


@pytest.mark.parametrize("has_length", [True, False])
def test_a_body_over_the_limit_is_413_however_it_is_sent(world: World, serve: Serve, has_length: bool) -> None:
    body = b"x" * (LIMITS.body_bytes_max + 1)
    if has_length:
        data = request(body)
    else:
        head = b"POST %s HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n" % PATH.encode()
        data = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    assert exchange(serve(world.app), data).startswith(b"HTTP/1.1 413")


def test_the_same_connection_serves_on_after_a_refused_body(world: World, serve: Serve) -> None:
    data = request(b"x" * (LIMITS.body_bytes_max + 1), close=False) + request()
    answer = exchange(serve(world.app), data)
    assert answer.count(b"HTTP/1.1 413") == 1
    assert answer.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("headers", [b"x-big: %s\r\n" % (b"a" * 5000), b"x-a: b\r\n" * 60], ids=["bytes", "count"])
def test_oversized_headers_are_431(world: World, serve: Serve, headers: bytes) -> None:
    server = serve(world.app, header_bytes_max=4096, header_count_max=50)
    answer = exchange(server, request(headers=headers))
    assert answer.startswith(b"HTTP/1.1 431")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "ingest.headers_too_large"
    assert exchange(server, request()).startswith(b"HTTP/1.1 200")


def test_headers_that_never_end_are_431_before_they_fill_memory(world: World, serve: Serve) -> None:
    server = serve(world.app, header_bytes_max=4096)
    answer = exchange(server, b"POST / HTTP/1.1\r\n" + b"x-a: b\r\n" * 100_000)
    assert answer.startswith(b"HTTP/1.1 431") or answer == b""  # a reset may overtake the answer


def test_headers_just_under_the_limit_pass(world: World, serve: Serve) -> None:
    server = serve(world.app, header_bytes_max=4096)
    assert exchange(server, request(headers=b"x-big: %s\r\n" % (b"a" * 3500))).startswith(b"HTTP/1.1 200")


def test_a_client_that_dribbles_its_headers_is_cut_off(world: World, serve: Serve) -> None:
    server = serve(world.app, header_time_max_s=0.3)
    answer = exchange(server, b"POST / HTTP/1.1\r\n" + b"x-a: b\r\n" * 50, pause_s=0.02)
    assert answer.startswith(b"HTTP/1.1 408") or answer == b""


def test_a_client_that_sends_nothing_is_cut_off(world: World, serve: Serve) -> None:
    assert exchange(serve(world.app, header_time_max_s=0.3), b"").startswith(b"HTTP/1.1 408")


def test_a_client_that_dribbles_its_body_is_cut_off(world: World, serve: Serve) -> None:
    server = serve(world.app, body_time_grace_s=0.3, body_bytes_per_s_min=1000)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request()[:-20])
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")


def test_a_client_that_stops_in_the_middle_of_its_body_is_cut_off_however_much_it_had_sent(
    world: World, serve: Serve
) -> None:
    server = serve(world.app, body_time_grace_s=0.3)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n\r\n" % PATH.encode())
        connection.sendall(b"x" * 60_000)
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")
        assert connection.recv(1000) == b""


def test_a_client_that_keeps_a_body_going_for_too_long_is_cut_off(world: World, serve: Serve) -> None:
    server = serve(world.app, body_time_grace_s=0.2, body_time_max_s=0.5, body_bytes_per_s_min=100)
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.05) as connection:
        connection.sendall(b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n\r\n" % PATH.encode())
        answer, sent_count = b"", 0
        while not answer and sent_count < 60:
            connection.sendall(b"x" * 20)
            sent_count += 1
            with contextlib.suppress(TimeoutError):
                answer = connection.recv(1000)
    assert answer.startswith(b"HTTP/1.1 408")
    assert sent_count > 5


def test_a_slow_client_within_the_bounds_is_served(world: World, serve: Serve) -> None:
    server = serve(world.app, header_time_max_s=5, body_time_grace_s=5)
    assert exchange(server, request(), pause_s=0.001).startswith(b"HTTP/1.1 200")


def test_idle_connections_between_requests_are_not_cut_off(world: World, serve: Serve) -> None:
    server = serve(world.app, header_time_max_s=0.2, body_time_grace_s=0.2)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    for _ in range(3):
        connection.request("POST", PATH, EVENT)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        time.sleep(0.5)
    connection.close()


@pytest.mark.parametrize(
    "data",
    [b"\x00" * 100, b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     b"POST " + b"/" * 100 + b" HTTP/1.1\r\ncontent-length: abc\r\n\r\n",
     b"POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
     b"POST /api/1/envelope/\xff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
     b"GET /api/%2e%2e/%00/envelope/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
     b"POST /api/1/envelope/?%ff=%00&sentry_key HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"],
)  # fmt: skip
def test_nonsense_is_never_a_server_error(world: World, serve: Serve, data: bytes) -> None:
    server = serve(world.app, header_time_max_s=0.3)
    assert not exchange(server, data).startswith(b"HTTP/1.1 5")
    assert exchange(server, request()).startswith(b"HTTP/1.1 200")


def test_a_client_that_goes_away_leaves_the_server_well(world: World, serve: Serve) -> None:
    server = serve(world.app)
    for cut in (10, 100, len(request()) - 5):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(request()[:cut])
    assert exchange(server, request()).startswith(b"HTTP/1.1 200")


_APPLICATION = """
import sys
import sentry_sdk
sentry_sdk.init(dsn=sys.argv[1], release="shop@1", environment="test")
sentry_sdk.get_isolation_scope().add_attachment(bytes=b"some file", filename="a.txt")
for number in range(5):
    try:
        {}["order %d" % number]
    except KeyError as error:
        print(sentry_sdk.capture_exception(error))
sentry_sdk.flush(timeout=20)
"""


def test_the_real_sdk_delivers_through_a_real_inbox(
    make_world: Callable[..., World], serve: Serve, tmp_path: Path
) -> None:
    writer = SqliteInboxWriter(tmp_path, "web-0")
    world = make_world(inbox=writer, limits=IngestLimits())
    server = serve(world.app)
    dsn = f"http://{KEY}@127.0.0.1:{server.port}/1"
    command = [sys.executable, "-c", _APPLICATION, dsn]
    sent = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split()
    world.committer.close()
    reader = SqliteInboxReader(tmp_path)
    deliveries = reader.take(count_max=100, body_bytes_max=10**8)
    found: dict[str | None, list[str]] = {}
    for delivery in deliveries:
        if not isinstance(delivery.content, Report):
            continue
        body = decode_body(delivery.content.body, delivery.content.content_encoding, bytes_max=10**7)
        received = parse_envelope(body)
        found[received.header.event_id] = [item.type for item in received.items]
    assert found == {event_id: ["event", "attachment"] for event_id in sent}
    reader.close()
    writer.close()


def test_recorded_envelopes_are_all_accepted(world: World, serve: Serve, data_path: Path) -> None:
    world = World(world.inbox, limits=IngestLimits())
    server = serve(world.app)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    bodies = [path.read_bytes() for path in sorted(data_path.glob("**/*.envelope"))]
    for body in bodies:
        connection.request("POST", PATH, gzip.compress(body), {"content-encoding": "gzip"})
        answer = connection.getresponse()
        assert answer.status == 200
        assert json.loads(answer.read())["id"] == parse_envelope(body).header.event_id
    connection.close()
    reports, counts = world.reports_and_counts()
    assert [decode_body(report.body, "gzip", bytes_max=10**8) for report in reports] == bodies
    assert counts == {}
