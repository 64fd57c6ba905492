"""Counts, ledger, dead letters, reports, telemetry, releases, status and reset over HTTP."""

import json

import pytest

from naosu.domain.errors import StoreUnavailableError
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.report import Report, ReportKind, SampledCount, Tally
from naosu.ports.inbox import InboxFullError


def test_stats_count_what_is_digested_and_what_still_waits(api, desk, event):
    desk.send(event(1), event(2))
    desk.send(event(3), digest=False)
    stats = api.get("/api/v1/stats").json()
    assert {name: stats[name] for name in ("accepted", "digested", "pending", "dropped", "dead")} == {
        "accepted": 3,
        "digested": 2,
        "pending": 1,
        "dropped": {},
        "dead": 0,
    }


def test_a_duplicate_is_dropped_by_name_and_not_counted_as_digested(api, desk, event):
    desk.send(event(1))
    desk.send(event(1))
    stats = api.get("/api/v1/stats").json()
    assert (stats["digested"], stats["dropped"]) == (1, {"duplicate": 1})


def test_sampled_events_are_digested_and_not_dropped(api, desk, event):
    from naosu.ingest.storm import signature

    payload = json.dumps(event(1)).encode()
    desk.send(event(1))
    minute = desk.clock.now().replace(second=0)
    entry = LedgerEntry(
        project_id=desk.project.id,
        minute=minute,
        category=DataCategory.ERROR,
        outcome=Outcome.SAMPLED,
        reason="storm",
        quantity=5,
    )
    count = SampledCount(
        project_id=desk.project.id,
        signature=signature(payload),
        quantity=5,
        first_at=desk.clock.now(),
        last_at=desk.clock.now(),
    )
    desk.inbox.append([Tally(ledger=(entry,), sampled=(count,))])
    desk.digester.step()
    stats = api.get("/api/v1/stats").json()
    assert (stats["digested"], stats["sampled"], stats["dropped"], stats["stored"]) == (6, 5, {}, 1)


def test_the_ledger_names_every_outcome(api, desk, event):
    desk.send(event(1))
    desk.send(event(1))
    outcomes = {(entry["outcome"], entry["reason"]) for entry in api.get("/api/v1/ledger").json()}
    assert outcomes == {("accepted", ""), ("filtered", "duplicate")}
    assert api.get("/api/v1/ledger?project=shop&period=5m").json()
    assert api.get("/api/v1/ledger?period=5x").status_code == 422


@pytest.fixture
def dead(desk):
    """One dead letter."""
    desk.inbox.append(
        [
            Report(
                project_id=desk.project.id,
                key_id=desk.key.id,
                kind=ReportKind.STORE,
                received_at=desk.clock.now(),
                content_encoding="gzip",
                user_agent="test/1",
                body=b"this is not gzip",
            )
        ]
    )
    while desk.digester.step():
        pass
    return desk


def test_a_dead_letter_shows_why_and_never_its_body(api, dead):
    (letter,) = api.get("/api/v1/dead-letters").json()
    assert letter["reason"]
    assert letter["body_bytes"] == len(b"this is not gzip")
    assert "not gzip" not in json.dumps({**letter, "detail": ""})
    assert api.get("/api/v1/stats").json()["dead"] == 1
    assert api.get(f"/api/v1/dead-letters/{letter['id']}").json() == letter


def test_redriving_puts_the_report_back_into_the_inbox(api, dead):
    (letter,) = api.get("/api/v1/dead-letters").json()
    assert api.post(f"/api/v1/dead-letters/{letter['id']}/redrive").status_code == 204
    assert api.get("/api/v1/dead-letters").json() == []
    assert dead.inbox.depth().report_count == 1
    dead.digester.step()
    assert len(api.get("/api/v1/dead-letters").json()) == 1


def test_a_dead_letter_can_be_given_up(api, dead):
    (letter,) = api.get("/api/v1/dead-letters").json()
    assert api.delete(f"/api/v1/dead-letters/{letter['id']}").status_code == 204
    assert api.delete(f"/api/v1/dead-letters/{letter['id']}").status_code == 404


def test_a_full_inbox_keeps_the_dead_letter_that_was_to_be_redriven(dead):
    import msgspec

    from naosu.api.app import create_app

    def refuse(_report):
        raise InboxFullError("The inbox is full.")

    dead.context = msgspec.structs.replace(dead.context, redrive=refuse)
    dead.app = create_app(dead.context)
    api = dead.client()
    (letter,) = api.get("/api/v1/dead-letters").json()
    refused = api.post(f"/api/v1/dead-letters/{letter['id']}/redrive")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert len(api.get("/api/v1/dead-letters").json()) == 1


@pytest.mark.parametrize("prefix", ["/api/v1", "/api/v1/monitoring/error-monitor"])
def test_errors_are_listed_by_severity_and_category_in_any_case(api, desk, event, prefix):
    desk.send(event(1), event(2, kind="ConnectionRefusedError", function="connect"))
    everything = api.get(f"{prefix}/errors").json()
    assert everything["total"] == 2
    for issue in everything["errors"]:
        found = api.get(f"{prefix}/errors?severity={issue['severity'].lower()}&category={issue['category'].title()}")
        assert issue["short_id"] in {one["short_id"] for one in found.json()["errors"]}
    assert api.get(f"{prefix}/errors?severity=terrible").status_code == 422


def test_the_summary_names_every_category_and_adds_up(api, desk, event):
    desk.send(event(1), event(2), event(3, function="ship"))
    summary = api.get("/api/v1/summary").json()
    assert summary["total_errors"] == sum(summary["by_category"].values()) == sum(summary["by_severity"].values()) == 3
    assert {"DATABASE", "SECURITY", "UNKNOWN"} <= summary["by_category"].keys()
    assert summary["by_status"] == {"open": 2, "muted": 0, "resolved": 0}


def test_the_metrics_file_has_the_names_of_the_founding_document(api, desk, event):
    desk.send(event(1))
    metrics = api.get("/api/v1/report/metrics").json()
    assert metrics["total_errors"] == 1
    assert metrics["errors_by_category"]["CODE"] == 1
    assert metrics["fix_success_rate"] is None
    assert (metrics["is_healthy"], metrics["status_code"]) == (True, 200)
    assert metrics["response_time"] >= 0
    assert (metrics["cpu_percent"], metrics["memory_bytes"]) == (1.5, 50_000_000)


def test_the_report_file_lists_errors_and_says_what_to_look_at(api, desk, event):
    desk.send(event(1), event(1))
    report = api.get("/api/v1/report/details").json()
    assert [issue["short_id"] for issue in report["errors"]] == ["SHOP-1"]
    assert report["stats"]["dropped"] == {"duplicate": 1}
    assert any("duplicate 1" in advice for advice in report["recommendations"])


def test_the_status_shows_processes_inbox_and_rates(api, desk, event):
    desk.send(event(1))
    desk.send(event(2), digest=False)
    status = api.get("/api/v1/status").json()
    assert (status["is_healthy"], status["digested"], status["inbox"]["report_count"]) == (True, 1, 1)
    assert status["is_running"]
    assert status["processes"][0]["name"] == "web"
    assert status["rates"]["accepted_per_minute"] == pytest.approx(0.2)


def test_a_reset_needs_its_word_and_keeps_projects(api, desk, event):
    desk.send(event(1))
    assert api.post("/api/v1/reset", json={"confirm": "yes"}).status_code == 422
    assert api.get("/api/v1/issues").json()["total"] == 1
    assert api.post("/api/v1/reset", json={"confirm": "reset"}).status_code == 204
    assert api.get("/api/v1/issues").json()["total"] == 0
    assert api.get("/api/v1/projects/shop").status_code == 200


def test_a_reset_may_be_for_one_project(api, desk, event):
    desk.send(event(1))
    api.post("/api/v1/projects", json={"name": "Other"})
    api.post("/api/v1/reset", json={"confirm": "reset", "project": "other"})
    assert api.get("/api/v1/issues").json()["total"] == 1


def test_releases_exist_from_their_first_event_or_from_the_api(api, desk, event):
    desk.send(event(1))
    made = api.post("/api/v1/projects/shop/releases", json={"version": "a/b@2", "released_at": "2026-11-22T00:00:00Z"})
    assert made.json()["released_at"] == "2026-11-22T00:00:00Z"
    assert {one["version"] for one in api.get("/api/v1/releases").json()} == {"shop@1.0", "a/b@2"}
    assert api.get("/api/v1/projects/shop/releases/a%2Fb@2").json() == made.json()
    assert api.get("/api/v1/projects/shop/releases/shop@1.0").json()["event_count"] == 1


def test_a_release_with_events_is_not_forgotten(api, desk, event):
    desk.send(event(1))
    api.post("/api/v1/projects/shop/releases", json={"version": "unused"})
    assert api.delete("/api/v1/projects/shop/releases/shop@1.0").status_code == 409
    assert api.delete("/api/v1/projects/shop/releases/unused").status_code == 204


def test_a_deploy_needs_a_release_that_exists(api, desk):
    wanted = {"version": "shop@3", "environment": "production"}
    assert api.post("/api/v1/projects/shop/deploys", json=wanted).status_code == 404
    api.post("/api/v1/projects/shop/releases", json={"version": "shop@3"})
    assert api.post("/api/v1/projects/shop/deploys", json=wanted).status_code == 201
    (deploy,) = api.get("/api/v1/projects/shop/deploys?version=shop@3").json()
    assert (deploy["environment"], deploy["finished_at"]) == ("production", "2026-11-22T10:30:12Z")


def test_telemetry_can_be_read_back(api, desk):
    now_s = desk.clock.now().timestamp()
    transaction = {
        "type": "transaction",
        "event_id": "b" * 32,
        "transaction": "/checkout",
        "start_timestamp": now_s - 2,
        "timestamp": now_s,
        "contexts": {"trace": {"trace_id": "c" * 32, "span_id": "d" * 16, "op": "http.server", "status": "ok"}},
        "spans": [
            {
                "op": "db",
                "description": "SELECT 1",
                "start_timestamp": now_s - 2,
                "timestamp": now_s - 1,
                "span_id": "e" * 16,
            }
        ],
    }
    check_in = {"check_in_id": "f" * 32, "monitor_slug": "nightly", "status": "ok"}
    log = {
        "items": [
            {
                "timestamp": now_s,
                "trace_id": "c" * 32,
                "level": "info",
                "body": "hello",
                "attributes": {"a": {"value": 1, "type": "integer"}},
            }
        ]
    }
    desk.send_envelope(
        ({"type": "transaction"}, json.dumps(transaction).encode()),
        ({"type": "check_in"}, json.dumps(check_in).encode()),
        (
            {"type": "log", "item_count": 1, "content_type": "application/vnd.sentry.items.log+json"},
            json.dumps(log).encode(),
        ),
    )
    (stats,) = api.get("/api/v1/transactions").json()
    assert (stats["name"], stats["mean_ms"], stats["db_mean_ms"]) == ("/checkout", 2000.0, 1000.0)
    assert api.get("/api/v1/slow-queries").json()[0]["statement"].startswith("SELECT")
    assert api.get("/api/v1/slow-queries?over_ms=5000").json() == []
    assert api.get("/api/v1/check-ins").json()[0]["monitor_slug"] == "nightly"
    assert api.get("/api/v1/logs").json()[0]["body"] == "hello"
    assert api.get(f"/api/v1/logs?trace_id={'0' * 32}").json() == []
    assert api.get("/api/0/organizations/x/monitors/").json()[0]["slug"] == "nightly"
    assert api.get("/api/0/organizations/x/events/?dataset=logs").json()["data"][0]["message"] == "hello"
    assert api.get("/api/v1/report/metrics").json()["query_time_ms"] == 1000.0


def test_a_store_that_is_away_is_a_503_with_retry_after(desk, monkeypatch):
    api = desk.client()

    def away(*_args, **_kwargs):
        raise StoreUnavailableError("The store is locked.")

    monkeypatch.setattr(desk.store, "list_projects", away)
    answer = api.get("/api/v1/projects")
    assert (answer.status_code, answer.json()["code"]) == (503, "store.unavailable")
    assert answer.headers["Retry-After"] == "5"
