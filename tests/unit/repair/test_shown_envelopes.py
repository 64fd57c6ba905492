"""The shown envelopes, each an event of a real SDK, are read as evidence."""

import json
from pathlib import Path

import pytest
from source_of import TextTree

from naosu.repair.reading import read_event

ENVELOPES = Path(__file__).parents[4] / "shared" / "data" / "envelopes"


def events() -> list[tuple[str, dict]]:
    found = []
    for file in sorted(ENVELOPES.rglob("*.envelope")):
        payloads = [json.loads(line) for line in file.read_bytes().split(b"\n") if b'"exception":' in line]
        found += [(file.stem, payload) for payload in payloads if "exception" in payload]
    return found


EVENTS = events() or [("absent", {})]


@pytest.fixture(params=[payload for _, payload in EVENTS], ids=[name for name, _ in EVENTS])
def payload(request) -> dict:
    if not request.param:
        pytest.skip("the shown envelopes are not here")
    return request.param


def test_what_surfaced_is_the_last_of_the_chain_or_the_member_of_a_group(payload):
    evidence = read_event(payload, TextTree({}))
    types = {value["type"] for value in payload["exception"]["values"]}
    assert {crash.last.name for crash in evidence.crashes} <= types
    assert sum(crash.count for crash in evidence.crashes) == 1 or "ExceptionGroup" in types


def test_the_request_can_be_sent_again_without_what_was_scrubbed(payload):
    requests = read_event(payload, TextTree({})).requests
    assert len(requests) == ("request" in payload)
    for request in requests:
        check(request)


def check(request):
    assert request.path.startswith("/")
    assert "[Filtered]" not in str(request.headers)
    assert "host" not in dict(request.headers)


def test_frames_keep_the_order_from_the_outermost_to_the_crash(payload):
    last = payload["exception"]["values"][-1]
    frames = (last.get("stacktrace") or {}).get("frames") or []
    if "ExceptionGroup" in last["type"] or not frames:
        pytest.skip("its members come last")
    raised = read_event(payload, TextTree({})).crashes[0].last
    assert [frame.line for frame in raised.frames] == [frame["lineno"] for frame in frames]
