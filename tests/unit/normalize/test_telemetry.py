"""What comes along with errors."""

import json
from datetime import UTC, datetime

import pytest

from naosu.normalize.errors import UnreadableReportError
from naosu.normalize.security import security_report_payloads, security_report_to_payload
from naosu.normalize.telemetry import (
    parameterised,
    to_check_in,
    to_cron_check_in,
    to_log_records,
    to_transaction,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_transaction_counts_its_database_spans() -> None:
    start = NOW.timestamp() - 10
    spans = [
        {
            "op": "db.sql.query",
            "description": "SELECT * FROM t WHERE id = 7",
            "start_timestamp": start,
            "timestamp": start + 0.02,
        },
        {"op": "db", "start_timestamp": start, "timestamp": start - 1},
        {"op": "http.client"},
        None,
    ]
    payload = {"transaction": "GET /x", "start_timestamp": start, "timestamp": start + 1.5, "spans": spans}
    payload["contexts"] = {"trace": {"op": "http.server", "status": "ok", "trace_id": "AB-cd"}}
    read = to_transaction(json.dumps(payload).encode(), project_id=1, received_at=NOW)
    assert (read.name, read.operation, read.status, read.trace_id) == ("GET /x", "http.server", "ok", "abcd")
    assert read.duration_ms == pytest.approx(1500)
    assert (read.db_span_count, read.db_ms) == (2, pytest.approx(20))
    assert read.db_spans[0].statement == "SELECT * FROM t WHERE id = ?"
    assert to_transaction(b"{}", project_id=1, received_at=NOW).duration_ms == 0


def test_statements_lose_their_literals() -> None:
    assert parameterised("SELECT 'it''s',  3.5 FROM t1 WHERE x IN (1, 2, 3)") == "SELECT ?, ? FROM t1 WHERE x IN (?, …)"
    assert len(parameterised("x" * 9000)) == 1000


def test_check_ins_of_both_doors_are_alike() -> None:
    item = {"monitor_slug": "Nightly Job", "status": "OK", "duration": "2.5", "monitor_config": {"schedule": {}}}
    sent = to_check_in(json.dumps(item).encode(), project_id=1, received_at=NOW)
    plain = to_cron_check_in({"slug": "nightly-job", "duration": "2.5"}, project_id=1, received_at=NOW)
    assert (sent.monitor_slug, sent.status, sent.duration_s) == (plain.monitor_slug, plain.status, plain.duration_s)
    assert sent.config == b'{"schedule":{}}'
    assert (
        to_cron_check_in({"slug": "x", "status": "zz", "duration": "-1"}, project_id=1, received_at=NOW).duration_s
        is None
    )
    with pytest.raises(UnreadableReportError):
        to_check_in(b"{}", project_id=1, received_at=NOW)


def test_log_records_lose_their_type_wrappers() -> None:
    item = {
        "timestamp": NOW.timestamp(),
        "level": "WARN",
        "body": "x",
        "attributes": {"a": {"value": 1, "type": "integer"}, "password": "[Filtered]"},
    }
    record = to_log_records(json.dumps({"items": [item, 3]}).encode(), project_id=1, received_at=NOW)[0]
    assert (record.level, record.body, record.logged_at) == ("warn", "x", NOW)
    assert json.loads(record.attributes) == {"a": 1, "password": "[Filtered]"}


def test_huge_log_attributes_are_bounded() -> None:
    item = {"body": "b", "attributes": {f"k{i}": {"value": "v" * 5000} for i in range(50)}}
    record = to_log_records(json.dumps({"items": [item]}).encode(), project_id=1, received_at=NOW)[0]
    assert len(record.attributes) <= 16_384


CSP = {
    "document-uri": "https://a.example/p",
    "violated-directive": "script-src 'self'",
    "blocked-uri": "https://evil.example/x.js?1",
}


def test_a_csp_report_becomes_an_event() -> None:
    event = json.loads(security_report_to_payload(json.dumps({"csp-report": CSP}).encode()))
    assert event["message"]["formatted"] == "Blocked 'script' from 'evil.example'"
    assert event["fingerprint"] == ["csp", "script-src", "evil.example"]
    assert event["request"]["url"] == "https://a.example/p"


def test_the_reporting_api_sends_lists() -> None:
    reports = [
        {
            "type": "csp-violation",
            "url": "https://a.example/",
            "body": {"effectiveDirective": "img-src", "blockedURL": "data"},
        },
        {"type": "network-error", "url": "https://a.example/", "body": {"type": "tcp.timed_out", "status_code": 0}},
        {"type": "deprecation", "url": "https://a.example/", "body": {"id": "x", "message": "old"}},
        "junk",
    ]
    events = [json.loads(event) for event in security_report_payloads(json.dumps(reports).encode())]
    assert [event["logger"] for event in events] == ["csp", "nel", "deprecation"]
    assert events[2]["level"] == "warning"


@pytest.mark.parametrize("key", ["expect-ct-report", "expect-staple-report"])
def test_certificate_reports_are_known(key: str) -> None:
    event = json.loads(security_report_to_payload(json.dumps({key: {"hostname": "a.example"}}).encode()))
    assert "a.example" in event["message"]["formatted"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"x":1}', b"nope"])
def test_what_is_no_report_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableReportError):
        security_report_to_payload(body)
