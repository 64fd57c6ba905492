"""Health, metrics, headers, limits and problems over HTTP."""

import pytest

from naosu.domain.account import Role
from naosu.domain.errors import StoreUnavailableError


def test_liveness_does_not_touch_the_store(desk, monkeypatch):
    def away():
        raise StoreUnavailableError("gone")

    monkeypatch.setattr(desk.store, "check", away)
    stranger = desk.client(None)
    assert stranger.get("/healthz").status_code == 200
    ready = stranger.get("/readyz")
    assert (ready.status_code, ready.json()["problems"]) == (503, ["gone"])


def test_readiness_looks_at_store_and_inbox(desk):
    ready = desk.client(None).get("/readyz")
    assert (ready.status_code, ready.json()["is_healthy"]) == (200, True)


def test_metrics_count_what_the_store_counts(desk, event):
    desk.send(event(1), event(2))
    desk.send(event(2))
    desk.send(event(3), digest=False)
    text = desk.client(None).get("/metrics").text
    assert "naosu_events_digested_total 2.0" in text
    assert 'naosu_dropped_total{reason="duplicate"} 1.0' in text
    assert "naosu_inbox_reports 1.0" in text
    assert 'naosu_process_resident_memory_bytes{process="web"} 5e+07' in text
    assert "naosu_ready 1.0" in text


def test_metrics_are_open_on_loopback_only(make_desk):
    desk = make_desk(loopback_only=False, metrics_token="scrape-me")
    assert desk.client(None).get("/metrics").status_code == 401
    assert desk.client(None).get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert desk.client(None).get("/metrics", headers={"Authorization": "Bearer scrape-me"}).status_code == 200
    assert desk.client(Role.VIEWER).get("/metrics").status_code == 200


def test_no_metrics_token_opens_nothing(make_desk):
    desk = make_desk(loopback_only=False)
    assert desk.client(None).get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/projects", "/nowhere", "/api/0/"])
def test_every_answer_carries_the_security_headers_and_no_cors(desk, path):
    answer = desk.client(None).get(path, headers={"Origin": "https://evil.test"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/api/v1/projects", 405, "method_not_allowed"),
        ("GET", "/api/v1/issues?limit=0", 422, "input.invalid"),
        ("GET", "/api/v1/issues?limit=101", 422, "input.invalid"),
        ("GET", "/api/v1/issues?query=%00", 400, "request.malformed"),
        ("GET", "/api/v1/issues/a%0ab", 422, "input.invalid"),
        ("GET", "/api/v1/dead-letters/2147483648", 422, "input.invalid"),
        ("GET", "/api/v1/dead-letters/2147483647", 404, "not_found"),
    ],
)
def test_every_refusal_is_a_problem_with_a_stable_code(api, method, path, status, code):
    answer = api.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert {"type", "title", "detail", "instance"} <= answer.json().keys()


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"\xff", 400), (b"[]", 422), (b'{"name": 1}', 422), (b'{"name": "a\\u0000"}', 422)],
)
def test_a_body_that_cannot_be_used_is_refused(api, body, status):
    assert api.post("/api/v1/projects", content=body).status_code == status


@pytest.mark.parametrize("extra", [0, 1])
def test_a_body_may_be_as_long_as_the_limit_and_no_longer(make_desk, extra):
    api = make_desk(body_bytes_max=1_000).client()
    body = b'{"name": "' + b"x" * 50 + b'"}'
    body += b" " * (1_000 + extra - len(body))
    assert api.post("/api/v1/projects", content=body).status_code == (413 if extra else 201)


def test_a_body_of_undeclared_length_is_refused_at_the_limit(make_desk):
    api = make_desk(body_bytes_max=1_000).client()
    refused = api.post("/api/v1/projects", content=(b"x" * 400 for _ in range(10)))
    assert (refused.status_code, refused.json()["code"]) == (413, "request.too_large")


def test_the_openapi_document_is_3_1_and_whole(desk):
    document = desk.client(None).get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["security"] == [{"token": []}, {"session": []}]
    tags = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], f"{method} {path}"
            assert operation["description"], f"{method} {path}"
            assert set(operation["tags"]) <= tags, f"{method} {path}"
            for status, answer in operation["responses"].items():
                if status.startswith(("4", "5")) and path != "/readyz":
                    wanted = "application/json" if path.startswith("/api/0/") else "application/problem+json"
                    assert wanted in answer["content"], f"{method} {path} {status}"


def test_every_reference_of_the_openapi_document_leads_somewhere(desk):
    import json
    import re

    document = desk.client(None).get("/api/v1/openapi.json").json()
    schemas = document["components"]["schemas"]
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert names
    assert names <= schemas.keys()


def test_every_body_of_the_openapi_document_has_an_example(desk):
    document = desk.client(None).get("/api/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if body := operation.get("requestBody"):
                assert "example" in body["content"]["application/json"], f"{method} {path}"
