"""What the door answers, keeps and counts, for each thing that may be sent."""

import base64
import gzip
import json
import threading
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import zstandard
from ingest_world import KEY, LIMITED_KEY, NOW, OFF_KEY, PICKY_KEY, World, envelope

from naosu.api.ingest import app as app_module
from naosu.domain.report import ReportKind, Tally
from naosu.ingest.encoding import decode_body
from naosu.ingest.examine import examine_json
from naosu.ingest.limits import IngestLimits
from naosu.ingest.sentry.envelope import parse_envelope
from naosu.ingest.storm import StormSettings, signature
from naosu.ports.inbox import InboxFullError
from naosu.queue.memory import MemoryInbox

PATH = f"/api/1/envelope/?sentry_key={KEY}"
ID = "c" * 32
EVENT = json.dumps({"event_id": ID, "message": "it broke", "level": "error"}).encode()
AUTH = f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0"


def test_an_event_is_kept_as_it_was_sent_and_answered_with_its_id(world: World) -> None:
    body = gzip.compress(envelope(("event", EVENT)))
    answer = world.post(
        "/api/1/envelope/",
        body,
        x_sentry_auth=AUTH,
        content_encoding="gzip",
        content_type="application/x-sentry-envelope",
        user_agent="sentry.python/2.75.0",
    )
    assert (answer.status_code, answer.json()) == (200, {"id": ID})
    (report,), counts = world.reports_and_counts()
    assert (report.project_id, report.kind, report.received_at) == (1, ReportKind.ENVELOPE, NOW)
    assert (report.body, report.content_encoding) == (body, "gzip")
    assert (report.content_type, report.user_agent) == ("application/x-sentry-envelope", "sentry.python/2.75.0")
    assert report.sender_ip == "127.0.0.1"
    assert counts == {}


@pytest.mark.parametrize(
    ("path", "headers", "dsn"),
    [
        ("/api/1/envelope/", {"x_sentry_auth": AUTH}, None),
        ("/api/1/envelope", {"authorization": AUTH}, None),
        ("/api/1/envelope/", {"authorization": "Basic " + base64.b64encode(KEY.encode() + b":").decode()}, None),
        (PATH, {}, None),
        ("/api//1//envelope/", {}, f"https://{KEY}@naosu.test/1"),
        ("/api/1/envelope/", {"x_sentry_auth": AUTH, "authorization": "Bearer x"}, f"https://{KEY}@naosu.test/1"),
    ],
)
def test_the_key_may_stand_anywhere(world: World, path: str, headers: dict[str, str], dsn: str | None) -> None:
    header = {"dsn": dsn} if dsn else {}
    assert world.post(path, envelope(("event", EVENT), **header), **headers).status_code == 200
    assert len(world.reports_and_counts()[0]) == 1


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/api/1/envelope/", {}, (401, "ingest.credentials_missing", "key_missing")),
        ("/api/1/store/", {}, (401, "ingest.credentials_missing", "key_missing")),
        (PATH, {"x_sentry_auth": AUTH.replace(KEY, OFF_KEY)}, (401, "ingest.credentials_missing", "several_keys")),
        ("/api/1/envelope/?sentry_key=abc", {}, (400, "ingest.credentials_malformed", "malformed_key")),
        ("/api/x/envelope/?sentry_key=" + KEY, {}, (400, "ingest.credentials_malformed", "malformed_project")),
        (f"/api/{'9' * 400}/envelope/", {}, (400, "ingest.credentials_malformed", "malformed_project")),
        ("/api/-1/store/", {"x_sentry_auth": AUTH}, (400, "ingest.credentials_malformed", "malformed_project")),
        ("/api/%00/store/", {"x_sentry_auth": AUTH}, (400, "ingest.credentials_malformed", "malformed_project")),
        ("/api/٣/store/", {"x_sentry_auth": AUTH}, (400, "ingest.credentials_malformed", "malformed_project")),
        ("/api/1/envelope/?sentry_key=" + "d" * 32, {}, (403, "ingest.key_rejected", "unknown_key")),
        ("/api/1/envelope/?sentry_key=" + OFF_KEY, {}, (403, "ingest.key_rejected", "disabled_key")),
        ("/api/2/envelope/?sentry_key=" + KEY, {}, (403, "ingest.key_rejected", "wrong_project")),
        (PATH, {"content_encoding": "lzma"}, (415, "ingest.encoding_unsupported", "encoding_unknown")),
        (PATH, {"content_encoding": "gzip"}, (400, "ingest.malformed", "bad_encoding")),
        (f"/api/1/minidump/?sentry_key={KEY}", {}, (415, "ingest.kind_unsupported", "minidump_not_kept")),
        (f"/api/1/unreal/{KEY}/", {}, (415, "ingest.kind_unsupported", "unreal_not_kept")),
        (
            f"/api/1/events/{ID}/attachments/?sentry_key={KEY}",
            {},
            (415, "ingest.kind_unsupported", "attachments_not_kept"),
        ),
    ],
)
def test_refusals_name_their_reason_and_are_counted(
    world: World, path: str, headers: dict[str, str], expected: tuple[int, str, str]
) -> None:
    answer = world.post(path, envelope(("event", EVENT)), **headers)
    assert answer.status_code == expected[0]
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["reason"]) == expected
    assert problem["detail"]
    assert answer.headers["x-sentry-error"] == problem["detail"][:200]
    reports, counts = world.reports_and_counts()
    assert reports == []
    assert [(key[3], quantity) for key, quantity in counts.items()] == [(expected[2], 1)]


def test_a_refusal_is_counted_on_its_project_once_the_key_is_known(world: World) -> None:
    world.post(PATH, b"broken")
    world.post("/api/1/envelope/?sentry_key=" + "d" * 32, b"{}")
    assert set(world.reports_and_counts()[1]) == {
        (1, "default", "invalid", "envelope_header"),
        (0, "default", "invalid", "unknown_key"),
    }


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
        ("identity", bytes),
        ("", bytes),
    ],
)
def test_every_encoding_reaches_the_inbox_readable(world: World, name: str, encode: Callable[[bytes], bytes]) -> None:
    body = envelope(("event", EVENT))
    assert world.post(PATH, encode(body), content_encoding=name).status_code == 200
    (report,), _ = world.reports_and_counts()
    assert report.content_encoding in ("gzip", "deflate", "br", "zstd", "")
    assert decode_body(report.body, report.content_encoding, bytes_max=10**6) == body


def test_stacked_encodings_are_kept_in_one(world: World) -> None:
    body = brotli.compress(gzip.compress(envelope(("event", EVENT))))
    assert world.post(PATH, body, content_encoding="gzip, br").status_code == 200
    (report,), _ = world.reports_and_counts()
    assert report.content_encoding == "zstd"
    kept = parse_envelope(decode_body(report.body, "zstd", bytes_max=10**6))
    assert [item.payload for item in kept.items] == [EVENT]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"x" * 100_001, 413, "body_too_large"),
        (b"{}\n" + b'{"type":"session"}\n{}\n' * 21, 413, "too_many_items"),
        (envelope(("event", b"{" + b" " * 90_000 + b"}")), 200, ""),
        (envelope(("event", b'{"a":' + b"[" * 50 + b"]" * 50 + b"}")), 413, "json_too_deep"),
        (envelope(("event", b'{"a":' + b"[" * 49 + b"]" * 49 + b"}")), 200, ""),
        (envelope(("event", b"not json")), 400, "event_json"),
        (envelope(("transaction", b"[]")), 400, "event_json"),
        (b'{}\n{"type":"event","length":500}\n{}', 400, "item_truncated"),
        (b"", 400, "envelope_header"),
    ],
)
def test_limits_and_framing_are_judged_at_the_door(world: World, body: bytes, status: int, reason: str) -> None:
    answer = world.post(PATH, body)
    assert answer.status_code == status
    assert answer.json().get("reason", "") == reason
    reports, counts = world.reports_and_counts()
    assert len(reports) == (status == 200)
    assert bool(counts) == (status != 200)


def test_an_item_over_its_limit_and_a_bomb_are_413(world: World) -> None:
    for body, reason in (
        (envelope(("event", b"{" + b" " * 500_000 + b"}")), "item_too_large"),
        (envelope(("attachment", b"\0" * 2_000_000)), "decoded_too_large"),
    ):
        answer = world.post(PATH, gzip.compress(body), content_encoding="gzip")
        assert (answer.status_code, answer.json()["reason"]) == (413, reason)


def test_all_items_of_a_refused_envelope_are_counted(world: World) -> None:
    world.post(PATH, envelope(("attachment", b"a"), ("event", b"broken"), ("log", b"{}")))
    _, counts = world.reports_and_counts()
    assert counts == {(1, category, "invalid", "event_json"): 1 for category in ("attachment", "error", "log_item")}


def test_an_envelope_that_is_not_kept_is_counted_and_answered_like_any_other(world: World) -> None:
    items = [("session", b"{}"), ("sessions", b"{}"), ("profile", b"{}"), ("hologram", b"?")]
    answer = world.post(PATH, envelope(*items))
    assert (answer.status_code, answer.json()) == (200, {"id": ID})
    reports, counts = world.reports_and_counts()
    assert reports == []
    assert counts == {
        (1, "session", "filtered", "session_not_kept"): 1,
        (1, "session", "filtered", "sessions_not_kept"): 1,
        (1, "profile", "filtered", "profile_not_kept"): 1,
        (1, "default", "filtered", "unknown_kind"): 1,
    }


def test_a_client_report_alone_costs_no_report(world: World) -> None:
    report = b'{"discarded_events":[{"reason":"queue_overflow","category":"error","quantity":4}]}'
    assert world.post(PATH, envelope(("client_report", report))).status_code == 200
    assert world.post(PATH, envelope(("client_report", b"5"))).status_code == 200
    reports, counts = world.reports_and_counts()
    assert reports == []
    assert counts == {
        (1, "error", "lost_by_client", "queue_overflow"): 4,
        (1, "internal", "invalid", "client_report_json"): 1,
    }


def test_an_empty_envelope_is_accepted(world: World) -> None:
    assert world.post(PATH, b"{}").status_code == 200
    assert world.reports_and_counts() == ([], {})


def test_an_event_without_id_gets_one_that_the_digester_finds(world: World) -> None:
    answer = world.post(PATH, envelope(("event", b'{"message":"x"}'), event_id=""))
    (report,), _ = world.reports_and_counts()
    kept = parse_envelope(decode_body(report.body, report.content_encoding, bytes_max=10**6))
    assert kept.header.event_id == answer.json()["id"]
    assert len(answer.json()["id"]) == 32


def test_the_id_in_the_payload_is_answered_when_the_header_has_none(world: World) -> None:
    answer = world.post(PATH, envelope(("event", EVENT), event_id=""))
    assert answer.json() == {"id": ID}
    assert len(world.reports_and_counts()[0]) == 1


@pytest.mark.parametrize("items", [[("event", EVENT), ("attachment", b"x")], [("attachment", b"x")]])
def test_attachments_find_the_id_of_their_event_in_the_header(world: World, items: list[tuple[str, bytes]]) -> None:
    answer = world.post(PATH, envelope(*items, event_id=""))
    (report,), _ = world.reports_and_counts()
    kept = parse_envelope(decode_body(report.body, report.content_encoding, bytes_max=10**6))
    assert kept.header.event_id == answer.json()["id"]
    assert [(item.type, item.payload) for item in kept.items] == items


@pytest.mark.parametrize("path", ["/api/1/store/", "/api/1/store", "/api/store/"])
def test_a_legacy_store_request_is_kept(world: World, path: str) -> None:
    answer = world.post(path, EVENT, x_sentry_auth=AUTH)
    assert (answer.status_code, answer.json()) == (200, {"id": ID})
    (report,), _ = world.reports_and_counts()
    assert (report.kind, report.body) == (ReportKind.STORE, EVENT)


def test_a_store_request_without_id_becomes_an_envelope_with_one(world: World) -> None:
    answer = world.post("/api/1/store/", b'{"message":"x"}', x_sentry_auth=AUTH)
    (report,), _ = world.reports_and_counts()
    assert report.kind is ReportKind.ENVELOPE
    kept = parse_envelope(decode_body(report.body, report.content_encoding, bytes_max=10**6))
    assert kept.header.event_id == answer.json()["id"]
    assert kept.items[0].payload == b'{"message":"x"}'


@pytest.mark.parametrize("route", ["security", "csp-report", "nel"])
def test_browser_reports_are_kept(world: World, route: str) -> None:
    body = b'{"csp-report":{"document-uri":"https://x"}}'
    answer = world.post(f"/api/1/{route}/?sentry_key={KEY}", body, content_type="application/csp-report")
    assert answer.status_code == 200
    (report,), _ = world.reports_and_counts()
    assert (report.kind, report.body) == (ReportKind.SECURITY, body)
    assert report.query["event_id"] == answer.json()["id"]


def test_a_browser_report_that_is_not_json_is_refused(world: World) -> None:
    assert world.post(f"/api/1/security/?sentry_key={KEY}", b"<xml>").status_code == 400
    assert world.reports_and_counts()[1] == {(1, "security", "invalid", "body_json"): 1}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", [f"/api/1/cron/nightly/{KEY}/", f"/api/1/cron/nightly?sentry_key={KEY}"])
def test_a_plain_http_check_in_is_kept(world: World, method: str, path: str) -> None:
    more = ("&" if "?" in path else "?") + "status=in_progress&environment=prod"
    answer = world.post(path + more, method=method)
    assert answer.status_code == 200
    (report,), _ = world.reports_and_counts()
    assert report.kind is ReportKind.CRON
    assert report.query == {
        "monitor_slug": "nightly",
        "status": "in_progress",
        "environment": "prod",
        "check_in_id": answer.json()["id"],
    }


def test_a_check_in_without_status_is_ok_and_an_unknown_status_is_refused(world: World) -> None:
    assert world.post(f"/api/1/cron/nightly/{KEY}/", method="GET").status_code == 200
    assert world.post(f"/api/1/cron/nightly/{KEY}/?status=maybe", method="GET").status_code == 400
    assert world.post(f"/api/1/cron/a%20b/{KEY}/", method="GET").status_code == 400
    (report,), counts = world.reports_and_counts()
    assert report.query["status"] == "ok"
    assert counts == {(1, "monitor", "invalid", "check_in_status"): 1, (1, "monitor", "invalid", "monitor_slug"): 1}


@pytest.mark.parametrize("prefix", ["/api/1/otlp", "/api/1/integration/otlp"])
@pytest.mark.parametrize(("signal", "kind"), [("traces", ReportKind.OTLP_TRACES), ("logs", ReportKind.OTLP_LOGS)])
def test_otlp_exports_are_kept_and_answered_as_exporters_expect(
    world: World, prefix: str, signal: str, kind: ReportKind
) -> None:
    path = f"{prefix}/v1/{signal}"
    binary = world.post(path, b"\x0a\x00", x_sentry_auth=AUTH, content_type="application/x-protobuf")
    assert (binary.status_code, binary.content) == (200, b"")
    assert binary.headers["content-type"] == "application/x-protobuf"
    text = world.post(path + "/", b"{}", x_sentry_auth=AUTH, content_type="application/json")
    assert (text.status_code, text.json()) == (200, {})
    assert [report.kind for report in world.reports_and_counts()[0]] == [kind, kind]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "PATCH", "FOO"])
def test_other_methods_are_refused_by_name(world: World, method: str) -> None:
    answer = world.post(PATH, method=method)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST, OPTIONS"


def test_browsers_may_ask_and_read_the_headers_they_need(world: World) -> None:
    preflight = world.post("/api/1/envelope/", method="OPTIONS", origin="https://shop.example")
    assert preflight.status_code == 200
    assert preflight.headers["access-control-max-age"] == "3600"
    assert "x-sentry-auth" in preflight.headers["access-control-allow-headers"]
    for answer in (world.post(PATH, b"{}"), world.post(PATH, b"broken")):
        assert answer.headers["access-control-allow-origin"] == "*"
        exposed = answer.headers["access-control-expose-headers"]
        assert all(name in exposed for name in ("x-sentry-error", "x-sentry-rate-limits", "retry-after"))


def test_a_project_may_name_the_origins_it_accepts(world: World) -> None:
    path = f"/api/3/envelope/?sentry_key={PICKY_KEY}"
    body = envelope(("event", EVENT))
    assert world.post(path, body, origin="https://shop.example").status_code == 200
    assert world.post(path, body).status_code == 200
    refused = world.post(path, body, origin="https://evil.example")
    assert (refused.status_code, refused.json()["reason"]) == (403, "origin_not_allowed")


def an_event(number: int, *, kind: str = "Error") -> bytes:
    exception = {"values": [{"type": kind, "value": f"order {number} is lost"}]}
    return json.dumps({"event_id": f"{number:032x}", "exception": exception}).encode()


def test_over_the_rate_the_answer_is_429_with_what_sdks_need(world: World) -> None:
    path = f"/api/2/envelope/?sentry_key={LIMITED_KEY}"
    answers = [world.post(path, envelope(("event", an_event(1)))) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3  # three, and two more as it is new
    refused = answers[-1]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    seconds, categories, *rest = refused.headers["x-sentry-rate-limits"].split(":")
    assert [seconds, *rest] == [refused.headers["retry-after"], "key", "rate_limit"]
    assert "error" in categories.split(";")
    assert refused.json()["code"] == "ingest.rate_limited"
    reports, counts = world.reports_and_counts()
    assert len(reports) == 5
    assert counts == {(2, "error", "limited", "rate_limit"): 3}


def test_a_new_kind_of_event_passes_even_over_the_rate(world: World) -> None:
    path = f"/api/2/envelope/?sentry_key={LIMITED_KEY}"
    for _ in range(10):
        last = world.post(path, envelope(("event", an_event(1))))
    assert last.status_code == 429
    fresh = world.post(path, envelope(("event", an_event(2, kind="NeverSeenError"))))
    assert fresh.status_code == 200


def test_what_is_over_its_rate_is_cut_out_and_the_rest_is_kept(world: World) -> None:
    path = f"/api/2/envelope/?sentry_key={LIMITED_KEY}"
    for _ in range(10):
        world.post(path, envelope(("event", an_event(1))))
    lost = b'{"discarded_events":[{"reason":"before_send","category":"error","quantity":1}]}'
    answer = world.post(path, envelope(("event", an_event(1)), ("attachment", b"x"), ("client_report", lost)))
    assert answer.status_code == 429
    _, counts = world.reports_and_counts()
    assert counts[(2, "attachment", "limited", "with_event")] == 1
    assert counts[(2, "error", "lost_by_client", "before_send")] == 1


def test_in_a_storm_few_are_kept_and_the_rest_counted_exactly(make_world: Callable[..., World]) -> None:
    storm = StormSettings(backlog_bytes_begin=0, backlog_bytes_end=0, kept_per_window=2)
    world = make_world(storm=storm)
    world.inbox.append([Tally()])
    assert world.post(PATH, envelope(("event", an_event(0)))).status_code == 200  # something waits: the storm begins
    answers = [world.post(PATH, envelope(("event", an_event(number)), ("attachment", b"x"))) for number in range(20)]
    new = world.post(PATH, envelope(("event", an_event(99, kind="NewError"))))
    assert {answer.status_code for answer in [*answers, new]} == {200}
    contents = world.written()
    reports = [content for content in contents if not isinstance(content, Tally)]
    sampled = [count for content in contents if isinstance(content, Tally) for count in content.sampled]
    kinds = [b"NewError" in decode_body(report.body, report.content_encoding, bytes_max=10**6) for report in reports]
    assert kinds == [False] * 3 + [True]
    assert sum(count.quantity for count in sampled) == 18
    assert {count.signature for count in sampled} == {signature(an_event(0))}
    ledger = [entry for content in contents if isinstance(content, Tally) for entry in content.ledger]
    assert {(entry.outcome.value, entry.reason) for entry in ledger} == {
        ("sampled", "storm"),
        ("sampled", "with_event"),
    }
    assert sum(entry.quantity for entry in ledger if entry.reason == "storm") == 18


class FullInbox(MemoryInbox):
    """An inbox on a disk that can be filled and freed."""

    is_full = True

    def append(self, contents: Any) -> None:
        if self.is_full:
            raise InboxFullError("The disk of the inbox is full.")
        super().append(contents)


def test_a_full_inbox_is_503_and_nothing_is_acknowledged_until_it_recovers(make_world: Callable[..., World]) -> None:
    inbox = FullInbox()
    world = make_world(inbox=inbox)
    refused = world.post(PATH, envelope(("event", EVENT), ("session", b"{}")))
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["code"] == "inbox.full"
    assert world.post(f"/api/1/cron/x/{KEY}/").status_code == 503
    inbox.is_full = False
    assert world.post(PATH, envelope(("event", EVENT))).status_code == 200
    reports, counts = world.reports_and_counts()
    assert len(reports) == 1
    assert counts == {
        (1, "error", "limited", "inbox_full"): 1,
        (1, "session", "limited", "inbox_full"): 1,
        (1, "monitor", "limited", "inbox_full"): 1,
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/1/envelope/", True),
        ("/api/1/envelope", True),
        ("//api/1/envelope/", True),
        ("/api/x/store/", True),
        ("/api/store/", True),
        ("/api/1/cron/a/", True),
        ("/api/1/integration/otlp/v1/logs", True),
        ("/api/0/projects/a/b/issues/", False),
        ("/api/v1/stats", False),
        ("/api/v1/store/", False),
        ("/api/0/envelope/", False),
        ("/api/1/../2/envelope/", False),
        ("/api/1/envelope/x", False),
        ("/api/1/otlp/v1/metrics", False),
        ("/", False),
        ("", False),
        ("/api/1/envelope/\x00", False),
    ],
)
def test_the_door_knows_its_paths(world: World, path: str, expected: bool) -> None:
    assert world.app.matches(path) is expected


BLANKS = b"\n" * 900_000


@pytest.mark.parametrize("encode", [gzip.compress, brotli.compress], ids=["gzip", "br"])
def test_without_a_key_nothing_but_the_envelope_header_is_looked_at(
    world: World, encode: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "gzip" if encode is gzip.compress else "br"
    seen: list[int] = []
    monkeypatch.setattr(app_module, "examine_envelope", lambda body, *_, **__: seen.append(len(body)))
    for header in (b"{}", b'{"dsn":"https://%s@x/1"}' % (b"f" * 32)):
        answer = world.post("/api/1/envelope/", encode(header + b"\n" + BLANKS), content_encoding=name)
        assert (answer.status_code, seen) == (401 if header == b"{}" else 403, [])


def test_an_envelope_header_that_does_not_end_is_malformed(world: World) -> None:
    body = b'{"dsn":"https://%s@x/1","a":"%s"}\n' % (KEY.encode(), b"a" * 70_000)
    answer = world.post("/api/1/envelope/", body)
    assert (answer.status_code, answer.json()["reason"]) == (400, "envelope_header")


@pytest.mark.parametrize(
    ("decoded_bytes", "in_thread"), [(512 * 1024, False), (512 * 1024 + 1, True)], ids=["at the bound", "over it"]
)
def test_what_is_large_once_decoded_is_examined_in_a_thread(
    world: World, monkeypatch: pytest.MonkeyPatch, decoded_bytes: int, in_thread: bool
) -> None:
    threads: list[bool] = []

    def watched(*arguments: Any, **named: Any) -> None:
        threads.append(threading.current_thread() is not threading.main_thread())
        examine_json(*arguments, **named)

    monkeypatch.setattr(app_module, "examine_json", watched)
    body = gzip.compress(b'{"a":"' + b"a" * (decoded_bytes - 8) + b'"}')
    answer = world.post(f"/api/1/security/?sentry_key={KEY}", body, content_encoding="gzip")
    assert (answer.status_code, threads) == (200, [in_thread])


def test_a_browser_report_over_a_mebibyte_is_413(make_world: Callable[..., World]) -> None:
    world = make_world(limits=IngestLimits())
    for extra, status in ((0, 200), (1, 413)):
        body = b'"' + b"a" * (1024 * 1024 - 2 + extra) + b'"'
        assert world.post(f"/api/1/security/?sentry_key={KEY}", body).status_code == status
