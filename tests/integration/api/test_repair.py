"""Attempts, approvals, the stop and the audit chain over HTTP."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from naosu.domain.account import Role
from naosu.domain.attempt import AttemptState, Mode, Proposal, Step
from naosu.domain.repair import FileEdit, Plan, PlanKind, Proof, Risk, SqlChange

S = AttemptState


def a_plan(**given: Any) -> Plan:
    values: dict[str, Any] = {
        "kind": PlanKind.CODE,
        "summary": "Index orders by customer",
        "explanation": "Every call read the whole table.",
        "risk": Risk.LOW,
        "proof": Proof(text="GET /orders is fast"),
        "undo": "The index is dropped.",
        "edits": (
            FileEdit(path="app.py", before="a = 1\n", after="a = 2\n"),
            FileEdit(path=".env", before="", after="SECRET=hunter2\n", is_secret=True),
        ),
        "sql": (SqlChange(database="postgresql://shop:hunter2@db/shop", statements=("CREATE INDEX i ON o (c)",)),),
    }
    return Plan(**values | given)


@pytest.fixture
def propose(desk):
    def propose(**given: Any):
        values: dict[str, Any] = {
            "plan": a_plan(),
            "action": "apply_fix",
            "fixer": "missing_index",
            "target": "shop/production",
            "target_state": "v1",
            "fingerprint": "v1:a",
            "fault_seen_at": desk.clock.now(),
            "project_id": desk.project.id,
            "environment": "production",
            "mode": Mode.APPROVE,
        }
        return desk.store.propose_attempt(Proposal(**values | given), by="watch-1", now=desk.clock.now())

    return propose


@pytest.fixture
def walk(desk):
    def walk(attempt, *states: AttemptState):
        now = desk.clock.now()
        lease = desk.store.take_lease(attempt.target, "w", ttl=timedelta(minutes=1), now=now)
        for to in states:
            step = Step(since=attempt.state, to=to, fence=lease.token)
            attempt = desk.store.step_attempt(attempt.id, step, by="watch-1", now=now)
        desk.store.release_lease(lease, now=now)
        return attempt

    return walk


def approve(client, attempt, key: str | None = None):
    body = {"plan_key": key or attempt.plan.key, "comment": "right"}
    return client.post(f"/api/v1/repair/attempts/{attempt.id}/approve", json=body)


def test_an_attempt_is_shown_with_all_that_a_person_needs_to_decide(api, propose):
    attempt = propose()
    found = api.get(f"/api/v1/repair/attempts/{attempt.id}").json()
    assert found["attempt"]["plan_key"] == attempt.plan.key
    assert (found["attempt"]["means"], found["attempt"]["approvals_missing"]) == ("apply_fix/missing_index", 1)
    assert "-a = 1\n+a = 2\n" in found["diff"]
    assert found["undo"] == "The index is dropped."
    assert [step["what"] for step in found["steps"]] == ["attempt.proposed"]


def test_nothing_secret_of_a_plan_is_shown(api, propose):
    attempt = propose()
    for path in (f"attempts/{attempt.id}", "attempts", "approvals", "audit"):
        answer = api.get(f"/api/v1/repair/{path}")
        assert answer.status_code == 200
        assert "hunter2" not in answer.text


def test_attempts_are_listed_newest_first_in_pages(api, propose, walk):
    first, second = propose(), propose(target="blog")
    walk(first, S.APPROVED)
    page = api.get("/api/v1/repair/attempts", params={"limit": 1}).json()
    assert ([one["id"] for one in page["attempts"]], page["next_before_id"]) == ([second.id], second.id)
    rest = api.get("/api/v1/repair/attempts", params={"before_id": page["next_before_id"]}).json()
    assert ([one["id"] for one in rest["attempts"]], rest["next_before_id"]) == ([first.id], None)


@pytest.mark.parametrize(
    ("params", "count"),
    [({"project": "shop"}, 1), ({"state": "approved"}, 0), ({"state": "proposed"}, 1), ({"issue": "SHOP-1"}, 0)],
)
def test_attempts_are_filtered(desk, event, propose, params, count):
    desk.send(event(1))
    propose(issue_id=99_999)
    assert len(desk.client().get("/api/v1/repair/attempts", params=params).json()["attempts"]) == count


def test_a_filter_on_what_is_not_there_is_refused(api):
    assert api.get("/api/v1/repair/attempts", params={"project": "none"}).status_code == 404
    assert api.get("/api/v1/repair/attempts", params={"state": "dancing"}).status_code == 422
    assert api.get("/api/v1/repair/attempts/7").status_code == 404


# ── approving ──


def test_an_operator_approves_the_plan_that_they_saw(desk, propose):
    attempt = propose()
    answer = approve(desk.client(Role.OPERATOR), attempt).json()
    assert (answer["attempt"]["state"], answer["attempt"]["approvals_missing"]) == ("approved", 0)
    (said,) = desk.store.list_approvals(attempt.id)
    assert (said.by, said.granted, said.plan_key) == ("operator", True, attempt.plan.key)
    assert said.expires_at - said.given_at == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "attempts/1/approve", {"plan_key": "0" * 64}),
        ("POST", "attempts/1/reject", {}),
        ("POST", "attempts/1/retry", None),
        ("POST", "stop", {}),
        ("DELETE", "stop", None),
        ("POST", "actions/forgive", {"means": "restart"}),
    ],
)
def test_whoever_may_only_look_changes_nothing(desk, propose, method, path, body):
    propose()
    before = desk.store.audit_head()
    for role, status in ((Role.VIEWER, 403), (None, 401)):
        assert desk.client(role).request(method, f"/api/v1/repair/{path}", json=body).status_code == status
    assert desk.store.audit_head() == before


@pytest.mark.parametrize("path", ["attempts", "attempts/1", "approvals", "stop", "actions", "audit", "audit/verify"])
def test_looking_needs_a_role_too(desk, propose, path):
    propose()
    assert desk.client(Role.VIEWER).get(f"/api/v1/repair/{path}").status_code == 200
    assert desk.client(None).get(f"/api/v1/repair/{path}").status_code == 401


def test_nobody_approves_another_plan_than_there_is(api, desk, propose):
    attempt = propose()
    answer = approve(api, attempt, key="0" * 64)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert desk.store.get_attempt(attempt.id).state is S.PROPOSED


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_what_was_only_observed_is_not_approved(api, propose, mode):
    answer = approve(api, propose(mode=mode))
    assert (answer.status_code, answer.json()["code"]) == (409, "repair.only_observed")


def test_what_is_grave_waits_for_a_second_person(desk, propose):
    attempt = propose(plan=a_plan(risk=Risk.HIGH), reversible=False, mode=Mode.AUTO)
    first = approve(desk.client(Role.OPERATOR), attempt).json()["attempt"]
    assert (first["state"], first["approvals_missing"]) == ("proposed", 1)
    again = approve(desk.client(Role.OPERATOR), attempt).json()["attempt"]
    assert again["approvals_missing"] == 1
    assert approve(desk.client(Role.ADMIN), attempt).json()["attempt"]["state"] == "approved"


def test_a_rejected_plan_never_runs(api, desk, propose):
    attempt = propose()
    answer = api.post(f"/api/v1/repair/attempts/{attempt.id}/reject", json={"comment": "no"}).json()
    assert (answer["attempt"]["state"], answer["attempt"]["reason"]) == ("withdrawn", "rejected")
    assert [(one["by"], one["granted"], one["comment"]) for one in answer["approvals"]] == [("admin", False, "no")]
    assert approve(api, attempt).status_code == 409


def test_what_waits_for_a_person_is_listed_until_they_spoke(api, desk, propose):
    mine, _auto, _seen = propose(), propose(mode=Mode.AUTO, target="b"), propose(mode=Mode.OBSERVE, target="c")

    def waiting() -> list[int]:
        return [one["id"] for one in api.get("/api/v1/repair/approvals").json()["attempts"]]

    assert waiting() == [mine.id]
    approve(api, mine)
    assert waiting() == []
    desk.clock.advance(minutes=15)
    assert waiting() == [mine.id]


# ── the stop, the records, the breaker ──


def test_a_stop_is_seen_by_all_and_ends_with_a_go(api, desk):
    assert api.get("/api/v1/repair/stop").json() == {"stopped": False, "stopped_at": None, "by": "", "reason": ""}
    stopped = api.post("/api/v1/repair/stop", json={"reason": "release"}).json()
    assert (stopped["stopped"], stopped["by"], stopped["reason"]) == (True, "admin", "release")
    assert api.get("/api/v1/repair/stop").json() == stopped
    assert desk.store.get_repair_stop() is not None
    assert api.delete("/api/v1/repair/stop").status_code == 204
    assert desk.store.get_repair_stop() is None


def test_a_stop_needs_no_body(api):
    assert api.post("/api/v1/repair/stop").json()["stopped"]


def test_a_person_lets_naosu_try_again(api, desk, propose):
    attempt = propose()
    assert api.post(f"/api/v1/repair/attempts/{attempt.id}/retry").status_code == 204
    assert desk.store.breaker_closed_at("v1:a") == desk.clock.now()
    assert api.post("/api/v1/repair/attempts/99/retry").status_code == 404


def test_a_demotion_is_seen_and_lifted(api, propose, walk):
    walk(propose(), S.APPROVED, S.RUNNING, S.VERIFYING, S.WORSE, S.ROLLED_BACK)
    (record,) = api.get("/api/v1/repair/actions").json()
    assert (record["means"], record["rolled_back_count"]) == ("apply_fix/missing_index", 1)
    assert record["demoted_at"]
    where = {"means": record["means"], "project": "shop", "environment": "production"}
    assert api.post("/api/v1/repair/actions/forgive", json=where).json()["demoted_at"] is None
    assert api.post("/api/v1/repair/actions/forgive", json=where | {"means": "restart"}).status_code == 404


# ── the chain ──


def test_a_whole_chain_is_said_to_be_whole(api, propose, walk):
    walk(propose(), S.APPROVED)
    check = api.get("/api/v1/repair/audit/verify").json()
    assert (check["whole"], check["count"], check["broken_at"]) == (True, 3, None)
    page = api.get("/api/v1/repair/audit", params={"after": 1, "limit": 1}).json()
    assert ([entry["number"] for entry in page["entries"]], page["head"]) == ([2], check["head"])


def test_a_changed_entry_is_found(api, desk, propose, walk):
    walk(propose(), S.APPROVED)
    audit = desk.store._shelves.audit
    audit[1] = msgspec.structs.replace(audit[1], actor="somebody else")
    check = api.get("/api/v1/repair/audit/verify").json()
    assert (check["whole"], check["broken_at"]) == (False, 2)


def test_a_chain_that_was_made_anew_is_found_by_the_head_that_was_noted(api, desk):
    for number in range(3):
        desk.store.append_audit(f"test.{number}", actor="a", now=desk.clock.now())
    noted = api.get("/api/v1/repair/audit/verify").json()["head"]
    desk.store.append_audit("test.3", actor="a", now=desk.clock.now())
    assert api.get("/api/v1/repair/audit/verify", params={"noted": noted}).json()["whole"]
    desk.store._shelves.audit.clear()
    for number in range(4):
        desk.store.append_audit(f"test.{number}", actor="b", now=desk.clock.now())
    assert api.get("/api/v1/repair/audit/verify").json()["whole"]
    assert api.get("/api/v1/repair/audit/verify", params={"noted": noted}).json()["broken_at"] == 3
    desk.store._shelves.audit[2:] = []
    assert api.get("/api/v1/repair/audit/verify", params={"noted": noted}).json()["broken_at"] == 3


def test_a_long_chain_is_followed_to_its_end(api, desk, monkeypatch):
    monkeypatch.setattr("naosu.pipeline.approvals._PAGE", 2)
    for number in range(5):
        desk.store.append_audit(f"test.{number}", actor="a", now=desk.clock.now())
    assert api.get("/api/v1/repair/audit/verify").json()["whole"]
    audit = desk.store._shelves.audit
    audit[4] = msgspec.structs.replace(audit[4], what="other")
    assert api.get("/api/v1/repair/audit/verify").json()["broken_at"] == 5
