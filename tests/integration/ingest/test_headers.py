"""What senders, proxies and browsers write into headers and addresses, alone and together, right and wrong."""

import asyncio
import base64
import gzip
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_world import KEY, LIMITED_KEY, OFF_KEY, PICKY_KEY, World, envelope

from naosu.domain.report import Report
from naosu.queue.memory import MemoryInbox

EVENT = b'{"event_id":"' + b"c" * 32 + b'","message":"boom"}'
BODY = envelope(("event", EVENT))
PATH = f"/api/1/envelope/?sentry_key={KEY}"


def sentry(key: str, **more: str) -> str:
    fields = {"sentry_key": key, "sentry_version": "7", "sentry_client": "sentry.python/2.75.0"} | more
    return "Sentry " + ", ".join(f"{name}={value}" for name, value in fields.items())


def basic(key: str, password: str = "") -> str:
    return "Basic " + base64.b64encode(f"{key}:{password}".encode()).decode()


def ask(world: World, headers: list[tuple[bytes, bytes]], *, path: str = PATH, body: bytes = BODY) -> dict[str, Any]:
    """Send one request with exactly these headers, repeated ones and bytes that no client library would send too."""
    place, _, query = path.partition("?")
    scope = {"type": "http", "method": "POST", "path": place, "query_string": query.encode(), "headers": headers}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(world.app(scope, receive, send))
    return {**sent[0], "body": sent[1]["body"], "headers": dict(sent[0]["headers"])}


# Where a key may stand, and what it takes to put one there.
PLACES = {
    "x-sentry-auth": lambda key: ("x_sentry_auth", sentry(key)),
    "authorization: Sentry": lambda key: ("authorization", sentry(key)),
    "authorization: Basic": lambda key: ("authorization", basic(key)),
    "query": lambda key: ("?", key),
    "dsn": lambda key: ("dsn", f"https://{key}@naosu.test/1"),
}
PAIRS = [pair for pair in itertools.permutations(PLACES, 2) if not all("authorization" in place for place in pair)]


def put(world: World, *placed: tuple[str, str]) -> Any:
    headers, query, dsn = {}, "", {}
    for place, key in placed:
        name, value = PLACES[place](key)
        if name == "?":
            query = f"?sentry_key={value}"
        elif name == "dsn":
            dsn = {"dsn": value}
        else:
            headers[name] = value
    return world.post(f"/api/1/envelope/{query}", envelope(("event", EVENT), **dsn), **headers)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("key", [KEY, KEY.upper()])
def test_a_key_in_one_place_is_enough_in_any_case(world: World, place: str, key: str) -> None:
    assert put(world, (place, key)).status_code == 200


@pytest.mark.parametrize("places", PAIRS)
def test_the_same_key_in_two_places_is_no_contradiction(world: World, places: tuple[str, str]) -> None:
    first, second = places
    assert put(world, (first, KEY), (second, KEY.upper())).status_code == 200


@pytest.mark.parametrize("places", [pair for pair in PAIRS if "dsn" not in pair])
def test_two_keys_that_differ_are_refused_whichever_of_them_is_good(world: World, places: tuple[str, str]) -> None:
    for other in (OFF_KEY, LIMITED_KEY, "d" * 32):
        answer = put(world, (places[0], KEY), (places[1], other))
        assert (answer.status_code, answer.json()["reason"]) == (401, "several_keys")
    assert world.reports_and_counts() == ([], {(0, "default", "invalid", "several_keys"): 3})


@pytest.mark.parametrize("place", [place for place in PLACES if place != "dsn"])
def test_a_key_in_the_request_beats_the_dsn_in_the_envelope_which_is_not_looked_for_then(
    world: World, place: str
) -> None:
    assert put(world, (place, KEY), ("dsn", OFF_KEY)).status_code == 200
    assert len(world.reports_and_counts()[0]) == 1


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("key", ["x" * 32, KEY[:-1], KEY + "0", f"{KEY[:-1]}é", "%00" * 8])
def test_what_cannot_be_a_key_is_400_in_every_place(world: World, place: str, key: str) -> None:
    if place in ("x-sentry-auth", "authorization: Sentry") and not key.isascii():
        key = key.encode("ascii", "replace").decode()  # no client can put such a sign there
    answer = put(world, (place, key))
    assert answer.status_code == 400
    assert answer.json()["reason"] in ("malformed_key", "malformed_dsn")
    assert world.reports_and_counts()[0] == []


@pytest.mark.parametrize(
    "value",
    [
        f"Sentry sentry_key={KEY}",
        f"sentry sentry_version=7,sentry_key={KEY},sentry_timestamp=1795339800",
        f"Sentry sentry_version=7.0, sentry_client=x/1, sentry_key={KEY}, sentry_secret=whatever",
        f'Sentry sentry_key="{KEY}", sentry_version="5"',
        f"SENTRY   SENTRY_KEY={KEY},SENTRY_VERSION=2.0",
        f"sentry_key={KEY}",
    ],
)
def test_the_sentry_header_is_read_as_old_and_careless_sdks_write_it(world: World, value: str) -> None:
    assert world.post("/api/1/envelope/", BODY, x_sentry_auth=value).status_code == 200


@pytest.mark.parametrize(
    ("value", "status", "reason"),
    [
        ("Sentry", 401, "key_missing"),
        ("Sentry sentry_version=7", 401, "key_missing"),
        (sentry(KEY, sentry_version="9"), 400, "malformed_version"),
        (sentry(KEY, sentry_version="seven"), 400, "malformed_version"),
        (sentry(KEY, sentry_version="-1"), 400, "malformed_version"),
        (sentry(KEY, sentry_version="9" * 5000), 400, "malformed_version"),
        (sentry(""), 400, "malformed_key"),
    ],
)
def test_a_sentry_header_that_makes_no_sense_is_refused_by_name(
    world: World, value: str, status: int, reason: str
) -> None:
    answer = world.post("/api/1/envelope/", BODY, x_sentry_auth=value)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)


@pytest.mark.parametrize("value", ["Bearer abc", "Digest x", "Negotiate", "", "Token " + KEY])
def test_the_credentials_of_a_proxy_in_front_are_none_of_ours(world: World, value: str) -> None:
    assert world.post(PATH, BODY, authorization=value).status_code == 200
    assert world.post("/api/1/store/", EVENT, authorization=value).status_code == 401


@pytest.mark.parametrize("value", ["Basic", "Basic !!!", "Basic w6k6", "Basic " + "A" * 4000])
def test_basic_credentials_that_are_damaged_are_refused_even_beside_a_good_key(world: World, value: str) -> None:
    answer = world.post(PATH, BODY, authorization=value)
    assert (answer.status_code, answer.json()["reason"]) == (400, "malformed_key")


@pytest.mark.parametrize("value", ["GZIP", " gzip ", "gzip,", "identity, gzip", "gzip, identity", "x-gzip"])
def test_encodings_are_read_as_http_allows_to_write_them(world: World, value: str) -> None:
    assert world.post(PATH, gzip.compress(BODY), content_encoding=value).status_code == 200
    (report,), _ = world.reports_and_counts()
    assert report.content_encoding == "gzip"


@pytest.mark.parametrize(
    ("value", "status"), [(b"5x", 400), (b"-1", 400), (b"", 400), ("٣".encode(), 400), (b"9" * 400, 400), (b"1", 200)]
)
def test_a_content_length_that_is_no_number_is_refused_before_the_body_is_read(
    world: World, value: bytes, status: int
) -> None:
    answer = ask(world, [(b"content-length", value)])
    assert answer["status"] == status
    assert (b'"content_length"' in answer["body"]) == (status == 400)


@pytest.mark.parametrize("name", [b"user-agent", b"content-type", b"origin", b"authorization", b"x-unknown"])
@pytest.mark.parametrize("value", [b"\xff\xfe", b"\x00", "日本".encode(), b"a" * 20_000])
def test_bytes_that_are_no_text_in_a_header_disturb_nobody(world: World, name: bytes, value: bytes) -> None:
    assert ask(world, [(name, value)])["status"] == 200
    (report,), _ = world.reports_and_counts()
    assert len(report.user_agent) <= 200
    assert len(report.content_type) <= 200


def test_an_address_that_a_client_claims_to_come_from_is_not_believed(world: World) -> None:
    world.post(PATH, BODY, x_forwarded_for="203.0.113.9", x_real_ip="203.0.113.9", forwarded="for=203.0.113.9")
    ((report,), _) = world.reports_and_counts()
    assert report.sender_ip == "127.0.0.1"


def test_a_request_through_a_socket_file_has_no_address_and_is_served(world: World) -> None:
    assert ask(world, [])["status"] == 200
    assert world.reports_and_counts()[0][0].sender_ip == ""


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://shop.example", 200),
        ("HTTPS://SHOP.EXAMPLE", 200),
        ("http://shop.example", 403),
        ("https://shop.example.evil.test", 403),
        ("https://shop.example@evil.test", 403),
        ("https://evil.test/https://shop.example", 403),
        ("https://shop.example:8443", 200),  # a pattern without a port leaves it open
        ("https://[broken", 403),
        ("null", 403),
        ("", 200),
    ],
)
def test_only_pages_of_the_named_origins_may_send_and_servers_have_none(world: World, origin: str, status: int) -> None:
    path = f"/api/3/envelope/?sentry_key={PICKY_KEY}"
    assert world.post(path, BODY, **({"origin": origin} if origin else {})).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/api/1/envelope/",
        f"/api/1/envelope/?sentry_key={OFF_KEY}",
        f"/api/2/store/?sentry_key={KEY}",
        f"/api/1/cron/x/{KEY}/?status=maybe",
        f"/api/1/minidump/?sentry_key={KEY}",
        PATH,
    ],
)
def test_browsers_can_read_every_answer_and_why(world: World, path: str) -> None:
    answer = world.post(path, b"broken", origin="https://shop.example")
    assert answer.status_code >= 400
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "x-sentry-error" in answer.headers["access-control-expose-headers"]
    assert answer.headers["x-sentry-error"].isprintable()


def test_what_a_sender_wrote_cannot_break_out_of_the_header_that_repeats_it(world: World) -> None:
    answer = ask(world, [(b"content-encoding", b"x\r\nset-cookie: a=b\r\n\xe9")])
    assert answer["status"] == 415
    assert all(0x20 <= byte < 0x7F for byte in answer["headers"][b"x-sentry-error"])
    assert b"set-cookie" not in answer["headers"]


def test_a_query_with_too_many_fields_is_refused_and_the_last_of_a_name_counts(world: World) -> None:
    many = "&".join(f"a{number}=1" for number in range(200))
    answer = world.post(f"{PATH}&{many}", BODY)
    assert (answer.status_code, answer.json()["reason"]) == (400, "malformed_query")
    assert world.post(f"/api/1/envelope/?sentry_key={OFF_KEY}&sentry_key={KEY}", BODY).status_code == 200


NAMES = st.sampled_from(
    [b"x-sentry-auth", b"authorization", b"content-encoding", b"content-length", b"content-type", b"origin", b"host"]
)
VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([sentry(KEY), sentry(OFF_KEY), basic(KEY), "gzip", "br, zstd", "5", "null"]).map(str.encode),
)
PATHS = st.builds(
    "/api/{}/{}?{}".format,
    st.sampled_from(["1", "2", "0x1", "", "-", "9" * 30]),
    st.sampled_from(
        ["envelope/", "store", "security/", "cron/a/", f"cron/a/{KEY}", "otlp/v1/logs", "nel", "minidump/"]
    ),
    st.sampled_from(["", f"sentry_key={KEY}", "sentry_key=", "status=error", "%ff=%fe", "&&&", "a=" + "b" * 300]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), PATHS, st.one_of(st.binary(max_size=80), st.just(BODY)))
def test_no_headers_and_no_address_make_a_server_error_or_leave_a_request_uncounted(
    headers: list[tuple[bytes, bytes]], path: str, body: bytes
) -> None:
    world = World(MemoryInbox())
    answer = ask(world, headers, path=path, body=body)
    reports, counts = world.reports_and_counts()
    assert answer["status"] < 500
    assert all(isinstance(report, Report) for report in reports)
    if answer["status"] == 404:
        return
    is_empty_envelope = answer["status"] == 200 and answer["body"] == b"{}"
    assert len(reports) + len(counts) >= 1 or is_empty_envelope
    assert answer["status"] == 200 or not reports
