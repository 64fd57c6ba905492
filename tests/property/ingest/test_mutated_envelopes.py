"""Whatever arrives, the door never fails, never hangs and never grows: mutated envelopes by the thousand."""
# ruff: noqa: PT017 - to be accepted and to be refused are both right here, and each has its own claim

import asyncio
import glob
import gzip
import os
import random
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naosu.domain.errors import NaosuError
from naosu.ingest.encoding import decode_body
from naosu.ingest.errors import IngestError
from naosu.ingest.examine import examine_envelope
from naosu.ingest.limits import IngestLimits
from naosu.ingest.sentry.auth import choose_key, query_fields
from naosu.ingest.sentry.envelope import build_envelope, parse_envelope
from naosu.queue.memory import MemoryInbox

sys.path.insert(0, str(Path(__file__).parents[2] / "integration" / "ingest"))
from ingest_world import World

ROUNDS = int(os.environ.get("NAOSU_MUTATIONS", "300"))
DATA = Path(__file__).parents[4] / "shared" / "data" / "envelopes"
LIMITS = IngestLimits(body_bytes_max=2_000_000, decoded_bytes_max=4_000_000, json_depth_max=100)

SEEDS = [
    b'{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","dsn":"https://%s@x/1"}\n' % (b"0123456789abcdef" * 2)
    + b'{"type":"event","length":41,"content_type":"application/json"}\n{"message":"hello","level":"error","a":1}\n'
    + b'{"type":"attachment","length":10,"filename":"hello.txt"}\n\xef\xbb\xbfHello\r\n\n'
    + b'{"type":"log","item_count":1}\n{"items":[{"body":"x"}]}\n{"type":"client_report"}\n{"discarded_events":[]}\n'
]
TOKENS = [b"{", b"}", b"[", b"]", b'"', b"\\", b"\n", b"\r\n", b"\x00", b"\xff", b"null", b"1e999", b"-1", b":", b","]
TOKENS += [b'"length":', b"99999999999999999999", b"\\ud800", b'{"type":"event"}\n', b"[" * 5000, b'{"a":' * 5000]
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=1),
    "zstd": zstandard.compress,
}


def seeds() -> list[bytes]:
    names = sorted(glob.glob(f"{DATA}/**/*.envelope", recursive=True))
    return [*SEEDS, *(Path(name).read_bytes() for name in names[:: max(1, len(names) // 20)])]


def mutate(chance: random.Random, body: bytes) -> bytes:
    mutated = bytearray(body)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(len(mutated) + 1)
        end = min(len(mutated), at + chance.choice((0, 1, 4, 100, 5000)))
        match chance.randrange(4):
            case 0:
                mutated[at:end] = chance.choice(TOKENS)
            case 1:
                del mutated[at:end]
            case 2:
                mutated[at:at] = mutated[at:end]
            case _:
                mutated[at:end] = chance.randbytes(end - at)
    return bytes(mutated)


def mutated_requests(count: int) -> list[tuple[str, bytes]]:
    """Return (content encoding, body) pairs, mutated before or after compression, the same in each run."""
    chance = random.Random(20261122)
    originals = seeds()
    requests = []
    for _ in range(count):
        name = chance.choice(list(ENCODERS))
        body = chance.choice(originals)
        mutated_first = chance.random() < 0.7
        body = ENCODERS[name](mutate(chance, body)) if mutated_first else mutate(chance, ENCODERS[name](body))
        requests.append((name, body))
    return requests


@pytest.mark.timeout(900)
def test_mutated_envelopes_are_accepted_or_refused_but_never_a_server_error() -> None:
    statuses = asyncio.run(_send_all(mutated_requests(ROUNDS)))
    assert len(statuses) == ROUNDS
    assert set(statuses) <= {200, 400, 401, 403, 413, 415}
    assert {200, 400} <= set(statuses)


async def _send_all(requests: list[tuple[str, bytes]]) -> list[int]:
    world = _world()
    try:
        return [await _send(world.app, name, body) for name, body in requests]
    finally:
        await asyncio.to_thread(world.committer.close)


async def _send(app: Any, content_encoding: str, body: bytes) -> int:
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/1/envelope/",
        "query_string": b"sentry_key=" + b"0123456789abcdef" * 2,
        "headers": [(b"content-encoding", content_encoding.encode())],
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    (status,) = statuses
    return status


def _world() -> Any:
    return World(MemoryInbox(backlog_bytes_max=10**10), limits=LIMITS)


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(st.binary(max_size=2000))
def test_any_bytes_are_an_envelope_or_a_named_refusal(body: bytes) -> None:
    try:
        envelope = parse_envelope(body)
    except IngestError as error:
        assert error.reason
    else:
        again = parse_envelope(build_envelope(envelope.header, envelope.items))
        assert [item.payload for item in again.items] == [item.payload for item in envelope.items]


@PATIENT
@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.binary(max_size=2000), st.booleans())
def test_any_bytes_decompress_within_the_limit_or_are_refused(name: str, body: bytes, is_encoded: bool) -> None:
    try:
        decoded = decode_body(ENCODERS[name](body) if is_encoded else body, name, bytes_max=1000)
    except IngestError as error:
        assert error.status in (400, 413)
        assert not is_encoded or len(body) > 1000
    else:
        assert len(decoded) <= 1000
        assert not is_encoded or decoded == body


@PATIENT
@given(st.text(), st.text(), st.text(), st.text())
def test_any_credentials_are_a_key_or_a_named_refusal(header: str, token: str, key: str, dsn: str) -> None:
    for sentry_auth in (header, f"Sentry sentry_key={header}"):
        try:
            found = choose_key(sentry_auth=sentry_auth, authorization=f"Basic {token}", query_key=key, dsn=dsn)
        except NaosuError as error:
            assert error.status in (400, 401)
        else:
            assert found is None or len(found.public_key) == 32


@PATIENT
@given(st.binary())
def test_any_query_string_is_read_or_refused(query: bytes) -> None:
    try:
        assert isinstance(query_fields(query), dict)
    except NaosuError as error:
        assert error.status == 400


@PATIENT
@given(st.lists(st.tuples(st.sampled_from(["event", "attachment", "x", "log"]), st.binary(max_size=50)), max_size=8))
def test_everything_in_an_envelope_is_examined_or_counted_as_lost(items: list[tuple[str, bytes]]) -> None:
    body = b"{}\n" + b"".join(
        b'{"type":"%s","length":%d}\n%s\n' % (kind.encode(), len(payload), payload) for kind, payload in items
    )
    try:
        examined = examine_envelope(body, "", limits=LIMITS)
    except IngestError as error:
        assert sum(quantity for _, quantity in error.lost) == len(items)
    else:
        assert len(examined.parts) == len(items)
